// Histogram: how often a figure was how large, counted by one loop; and the trace of a call in each of its buckets.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tern/async/counter.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

/// One value that was counted, and the span that it belongs to (OpenMetrics 1.0, "Exemplars").
struct Exemplar {
  TraceContext::TraceId trace{};
  TraceContext::SpanId span{};
  std::uint64_t value = 0;
  /// 1970 where nothing was counted.
  std::chrono::system_clock::time_point time{};

  [[nodiscard]] bool exists() const noexcept { return time != std::chrono::system_clock::time_point{}; }
  void keep_later(const Exemplar& other) noexcept {
    if (other.time > time) *this = other;
  }
};

/// Sums of histograms of several loops, for showing.
struct Buckets {
  std::vector<std::uint64_t> counts;  // one more than bounds: above the last
  std::vector<Exemplar> exemplars;    // empty, or one for each of `counts`
  std::uint64_t sum = 0;
};

/// `kBounds`: the buckets' upper bounds, ascending, in the figure's own whole unit.
template <const auto& kBounds>
class Histogram {
 public:
  /// Returns the value's bucket.
  std::size_t add(std::uint64_t value) noexcept {
    const auto place = std::lower_bound(kBounds.begin(), kBounds.end(), value) - kBounds.begin();
    const auto bucket = static_cast<std::size_t>(place);
    counts_[bucket].add();
    sum_.add(value);
    return bucket;
  }
  /// Makes the value the bucket's exemplar. Under the lock that add_to() is called with.
  void set_exemplar(std::size_t bucket, std::uint64_t value, const TraceContext& trace) {
    if (exemplars_ == nullptr) exemplars_ = std::make_unique<Exemplars>();
    (*exemplars_)[bucket] = {
        .trace = trace.trace_id(), .span = trace.span_id(), .value = value, .time = std::chrono::system_clock::now()};
  }
  void add_to(Buckets& buckets) const {
    buckets.counts.resize(counts_.size());
    for (std::size_t i = 0; i < counts_.size(); ++i) buckets.counts[i] += counts_[i].value();
    buckets.sum += sum_.value();
    if (exemplars_ == nullptr) return;
    buckets.exemplars.resize(counts_.size());
    for (std::size_t i = 0; i < counts_.size(); ++i) buckets.exemplars[i].keep_later((*exemplars_)[i]);
  }

 private:
  using Exemplars = std::array<Exemplar, kBounds.size() + 1>;

  std::array<Counter, kBounds.size() + 1> counts_;
  Counter sum_;
  std::unique_ptr<Exemplars> exemplars_;  // from the first recorded trace on
};

}  // namespace tern::telemetry
