// Families of metrics as OTLP sends them.
#pragma once

#include <chrono>
#include <vector>

#include "telemetry/families.h"
#include "telemetry/otlp_sender.h"

namespace tern::telemetry {

struct PointTimes {
  /// From when on Metrics counts.
  std::chrono::system_clock::time_point begun;
  std::chrono::system_clock::time_point process_begun;
  std::chrono::system_clock::time_point now;
};

/// Returns serialised metrics, each with its data points' number. A family of many points is several metrics of the
/// same name, each small enough to share a request with others.
[[nodiscard]] std::vector<ExportItem> export_items_of(const Families& families, const PointTimes& times);

}  // namespace tern::telemetry
