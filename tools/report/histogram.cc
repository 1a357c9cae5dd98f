#include "report/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tern::tool {

namespace {

/// Buckets in each power of two: 1,024 keep values to 0.1 %.
constexpr int kSubBits = 10;
constexpr std::uint64_t kSubBuckets = std::uint64_t{1} << kSubBits;
constexpr std::uint64_t kHighest = std::chrono::nanoseconds{std::chrono::hours{24}}.count();

}  // namespace

Histogram::Histogram() : counts_(index_of(kHighest) + 1) {}

// Values below 2 * kSubBuckets are their own index; above, the leading kSubBits + 1 bits are kept.
std::size_t Histogram::index_of(std::uint64_t value) noexcept {
  const int shift = std::max(static_cast<int>(std::bit_width(value)) - (kSubBits + 1), 0);
  return static_cast<std::size_t>(shift) * kSubBuckets + (value >> shift);
}

std::uint64_t Histogram::highest_at(std::size_t index) noexcept {
  if (index < 2 * kSubBuckets) return index;
  const std::size_t shift = index / kSubBuckets - 1;
  return ((index - shift * kSubBuckets + 1) << shift) - 1;
}

void Histogram::record(Duration value) noexcept {
  value = std::clamp(value, Duration{}, Duration{kHighest});
  ++counts_[index_of(static_cast<std::uint64_t>(value.count()))];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value.count());
}

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t index = 0; index < counts_.size(); ++index) counts_[index] += other.counts_[index];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

Histogram::Duration Histogram::mean() const noexcept {
  return count_ == 0 ? Duration{} : Duration{std::llround(sum_ / static_cast<double>(count_))};
}

Histogram::Duration Histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return {};
  const double exact = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_);
  const auto wanted = std::max<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(exact)), 1);
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    seen += counts_[index];
    if (seen >= wanted) {
      return std::clamp(Duration{static_cast<Duration::rep>(highest_at(index))}, min_, max_);
    }
  }
  return max_;
}

std::vector<Histogram::Bucket> Histogram::logarithmic_buckets(std::size_t count) const {
  std::vector<Bucket> buckets;
  if (count_ == 0 || count == 0) return buckets;
  buckets.reserve(count);
  const double low = std::max(static_cast<double>(min_.count()), 1.0) * 0.999;
  const double high = std::max(static_cast<double>(max_.count()) * 1.001, low * 1.01);
  const double factor = std::pow(high / low, 1.0 / static_cast<double>(count));
  double edge = low;
  for (std::size_t index = 0; index < count; ++index, edge *= factor) {
    buckets.push_back({Duration{std::llround(edge)}, Duration{std::llround(edge * factor)}, 0});
  }
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    if (counts_[index] == 0) continue;
    const double value = std::max(static_cast<double>(highest_at(index)), low);
    const auto place = static_cast<std::size_t>(std::log(value / low) / std::log(factor));
    buckets[std::min(place, count - 1)].count += counts_[index];
  }
  return buckets;
}

}  // namespace tern::tool
