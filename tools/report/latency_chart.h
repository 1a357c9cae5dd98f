// The two charts of a latency histogram.
#pragma once

#include <string>

#include "report/histogram.h"

namespace tern::tool {

/// Latency over percentiles, stretched towards the rare ones.
std::string draw_percentiles(const Histogram& histogram);
/// How many took how long, latencies on a logarithmic scale.
std::string draw_distribution(const Histogram& histogram);

}  // namespace tern::tool
