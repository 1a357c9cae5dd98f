// What Prometheus' own clients tell of any process, by the same names.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace tern::telemetry {

/// Of this process, from /proc; what is not there is left out.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace tern::telemetry
