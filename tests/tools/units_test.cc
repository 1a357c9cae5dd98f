#include "report/units.h"

#include <gtest/gtest.h>

namespace tern::tool {
namespace {

using std::chrono::nanoseconds;

TEST(Units, DurationsHaveThreeDigits) {
  EXPECT_EQ(show_duration(nanoseconds{0}), "0 ns");
  EXPECT_EQ(show_duration(nanoseconds{870}), "870 ns");
  EXPECT_EQ(show_duration(nanoseconds{1234}), "1.23 us");
  EXPECT_EQ(show_duration(nanoseconds{12'345}), "12.3 us");
  EXPECT_EQ(show_duration(nanoseconds{999'600}), "1.00 ms");
  EXPECT_EQ(show_duration(nanoseconds{12'340'000'000}), "12.3 s");
}

TEST(Units, CountsHaveThousands) {
  EXPECT_EQ(show_count(0), "0");
  EXPECT_EQ(show_count(999), "999");
  EXPECT_EQ(show_count(1000), "1,000");
  EXPECT_EQ(show_count(1'234'567), "1,234,567");
}

TEST(Units, BytesAreDecimal) {
  EXPECT_EQ(show_bytes(12), "12 B");
  EXPECT_EQ(show_bytes(1500), "1.50 kB");
  EXPECT_EQ(show_bytes(8'388'608), "8.39 MB");
}

}  // namespace
}  // namespace tern::tool
