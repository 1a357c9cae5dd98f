// Histogram: how often each latency occurred, by Gil Tene's HDR scheme: every power of two is divided into equally wide
// buckets, so that each value is kept to three digits, from nanoseconds to hours, in a fixed amount of memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tern::tool {

class Histogram {
 public:
  using Duration = std::chrono::nanoseconds;

  Histogram();

  /// Below zero counts as zero, above a day as a day.
  void record(Duration value) noexcept;
  /// Takes in what `other` recorded.
  void add(const Histogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// These are zero where nothing was recorded.
  [[nodiscard]] Duration min() const noexcept { return count_ == 0 ? Duration{} : min_; }
  [[nodiscard]] Duration max() const noexcept { return max_; }
  [[nodiscard]] Duration mean() const noexcept;
  /// The smallest value that `percent` of the recorded ones do not exceed, to three digits; 50 is the median.
  [[nodiscard]] Duration percentile(double percent) const noexcept;

  /// Values in (from, to], and how many.
  struct Bucket {
    Duration from;
    Duration to;
    std::uint64_t count;
  };
  /// The recorded range in about `count` buckets, as wide as each other on a logarithmic scale.
  [[nodiscard]] std::vector<Bucket> logarithmic_buckets(std::size_t count) const;

 private:
  static std::size_t index_of(std::uint64_t value) noexcept;
  /// The highest value that is counted there.
  static std::uint64_t highest_at(std::size_t index) noexcept;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  Duration min_ = Duration::max();
  Duration max_{};
  double sum_ = 0;
};

}  // namespace tern::tool
