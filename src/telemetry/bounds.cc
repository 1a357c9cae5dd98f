#include "telemetry/bounds.h"

namespace tern::telemetry {

Buckets with_bounds(const Buckets& counted, std::span<const std::uint64_t> from, std::span<const std::uint64_t> to) {
  Buckets buckets;
  buckets.counts.resize(to.size() + 1);
  buckets.exemplars.resize(to.size() + 1);
  buckets.sum = counted.sum;
  std::size_t at = 0;  // in `to`
  for (std::size_t i = 0; i < counted.counts.size(); ++i) {
    while (at < to.size() && (i == from.size() || from[i] > to[at])) ++at;
    buckets.counts[at] += counted.counts[i];
    if (i < counted.exemplars.size()) buckets.exemplars[at].keep_later(counted.exemplars[i]);
  }
  return buckets;
}

}  // namespace tern::telemetry
