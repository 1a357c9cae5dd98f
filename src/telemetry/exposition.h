// How families of metrics are written: Prometheus' text format and OpenMetrics.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/families.h"
#include "tern/telemetry/metrics.h"

namespace tern::telemetry {

/// Labels and help texts that are not UTF-8 are made so: one of them would make Prometheus reject the whole page.
[[nodiscard]] std::string exposition_of(Families families, MetricsFormat format);

/// The Content-Type of that format.
[[nodiscard]] std::string_view content_type_of(MetricsFormat format) noexcept;

/// The format that a request's Accept field asks for: OpenMetrics where it has a weight that is not 0, nor below that
/// of text/plain (RFC 9110 §12.5.1).
[[nodiscard]] MetricsFormat format_for(std::string_view accept);

}  // namespace tern::telemetry
