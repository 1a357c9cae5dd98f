// What Prometheus' own clients tell of any process, by the same names.
#pragma once

#include <optional>

#include "telemetry/families.h"

namespace tern::telemetry {

/// Of this process, from /proc; what is not there is left out.
Families process_families();

/// When the process began, in seconds since 1970; nothing without /proc.
[[nodiscard]] std::optional<double> process_start();

}  // namespace tern::telemetry
