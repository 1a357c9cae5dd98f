// Percentiles against the sorted values themselves.
#include "report/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace tern::tool {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), nanoseconds{0});
  EXPECT_EQ(histogram.max(), nanoseconds{0});
  EXPECT_EQ(histogram.percentile(99), nanoseconds{0});
  EXPECT_TRUE(histogram.logarithmic_buckets(10).empty());
}

TEST(Histogram, KeepsSmallValuesExactly) {
  Histogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.record(nanoseconds{value});
  EXPECT_EQ(histogram.percentile(0), nanoseconds{1});
  EXPECT_EQ(histogram.percentile(50), nanoseconds{50});
  EXPECT_EQ(histogram.percentile(99), nanoseconds{99});
  EXPECT_EQ(histogram.percentile(100), nanoseconds{100});
  EXPECT_EQ(histogram.mean(), nanoseconds{51});  // 50.5
}

TEST(Histogram, KeepsThreeDigitsFromNanosecondsToHours) {
  std::mt19937_64 random{7};
  std::uniform_real_distribution<double> exponent{0, 13};
  std::vector<nanoseconds> values;
  Histogram histogram;
  for (int index = 0; index < 100'000; ++index) {
    values.emplace_back(std::llround(std::pow(10, exponent(random))));
    histogram.record(values.back());
  }
  std::ranges::sort(values);
  for (const double percent : {0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto place = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size()))) - 1;
    const auto exact = static_cast<double>(values[place].count());
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent).count()), exact, exact / 1000 + 1) << percent;
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, ClampsWhatIsOutOfRange) {
  Histogram histogram;
  histogram.record(nanoseconds{-5});
  histogram.record(std::chrono::hours{100});
  EXPECT_EQ(histogram.min(), nanoseconds{0});
  EXPECT_EQ(histogram.max(), std::chrono::hours{24});
}

TEST(Histogram, AddsOthersUp) {
  Histogram one;
  Histogram other;
  one.record(nanoseconds{10});
  other.record(nanoseconds{30});
  other.record(nanoseconds{20});
  one.add(other);
  one.add(Histogram{});
  EXPECT_EQ(one.count(), 3U);
  EXPECT_EQ(one.min(), nanoseconds{10});
  EXPECT_EQ(one.max(), nanoseconds{30});
  EXPECT_EQ(one.percentile(50), nanoseconds{20});
}

TEST(Histogram, BucketsHoldEverythingOnce) {
  Histogram histogram;
  for (int value = 1; value <= 10'000; ++value) histogram.record(nanoseconds{value * 137});
  std::uint64_t sum = 0;
  nanoseconds last{0};
  for (const Histogram::Bucket& bucket : histogram.logarithmic_buckets(40)) {
    EXPECT_GE(bucket.from, last);
    EXPECT_GT(bucket.to, bucket.from);
    last = bucket.from;
    sum += bucket.count;
  }
  EXPECT_EQ(sum, 10'000U);
}

}  // namespace
}  // namespace tern::tool
