// Histogram: how often a figure was how large, counted by one loop.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tern/async/counter.h"

namespace tern::telemetry {

/// Sums of histograms of several loops, for showing.
struct Buckets {
  std::vector<std::uint64_t> counts;  // one more than bounds: above the last
  std::uint64_t sum = 0;
};

/// `kBounds`: the buckets' upper bounds, ascending, in the figure's own whole unit.
template <const auto& kBounds>
class Histogram {
 public:
  void add(std::uint64_t value) noexcept {
    const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), value) - kBounds.begin();
    counts_[static_cast<std::size_t>(bucket)].add();
    sum_.add(value);
  }
  void add_to(Buckets& buckets) const {
    buckets.counts.resize(counts_.size());
    for (std::size_t i = 0; i < counts_.size(); ++i) buckets.counts[i] += counts_[i].value();
    buckets.sum += sum_.value();
  }

 private:
  std::array<Counter, kBounds.size() + 1> counts_;
  Counter sum_;
};

}  // namespace tern::telemetry
