#include "rest/byte_ranges.h"

#include <gtest/gtest.h>

#include <string>

namespace tern::rest {
namespace {

/// "first+length" of each range; "ignored", or "none" where nothing is satisfiable.
std::string ranges_of(std::string_view field, std::size_t size) {
  const auto ranges = parse_ranges(field, size);
  if (!ranges) return "ignored";
  if (ranges->empty()) return "none";
  std::string text;
  for (const ByteRange& range : *ranges) {
    text += (text.empty() ? "" : " ") + std::to_string(range.first) + "+" + std::to_string(range.length);
  }
  return text;
}

TEST(ByteRanges, AreThePartsThatTheFieldNames) {
  const struct {
    const char* field;
    const char* ranges;  // of 100 bytes
  } rows[] = {
      {"bytes=0-9", "0+10"},
      {"bytes=0-0", "0+1"},
      {"bytes=99-99", "99+1"},
      {"bytes=10-", "10+90"},
      {"bytes=-10", "90+10"},
      {"bytes=-1000", "0+100"},
      {"bytes=90-1000", "90+10"},
      {"bytes=0-99999999999999999999999", "0+100"},
      {"Bytes=0-9", "0+10"},
      {"bytes=0-9,20-29", "0+10 20+10"},
      {"bytes= 0-9 ,\t20-29 ", "0+10 20+10"},
      {"bytes=,0-9,,20-29,", "0+10 20+10"},
      {"bytes=20-29,0-9", "20+10 0+10"},
      {"bytes=0-9,10-19", "0+10 10+10"},
      {"bytes=0-9,200-", "0+10"},
      {"bytes=0-9,-0", "0+10"},
      // Not satisfiable.
      {"bytes=100-", "none"},
      {"bytes=100-200", "none"},
      {"bytes=99999999999999999999999-", "none"},
      {"bytes=-0", "none"},
      {"bytes=100-,200-,-0", "none"},
      // Malformed.
      {"", "ignored"},
      {"bytes", "ignored"},
      {"bytes=", "ignored"},
      {"bytes=,", "ignored"},
      {"bytes=-", "ignored"},
      {"bytes=9-0", "ignored"},
      {"bytes=a-9", "ignored"},
      {"bytes=0-a", "ignored"},
      {"bytes=0", "ignored"},
      {"bytes=--9", "ignored"},
      {"bytes=0--9", "ignored"},
      {"bytes=+0-9", "ignored"},
      {"bytes=0x1-9", "ignored"},
      {"bytes=0 - 9", "ignored"},
      {"bytes =0-9", "ignored"},
      {"bytes:0-9", "ignored"},
      {"bytes=0-9,x", "ignored"},
      {"bytes=0-9, bytes=20-29", "ignored"},
      // Other units.
      {"lines=0-9", "ignored"},
      {"byte=0-9", "ignored"},
      // More work than the whole.
      {"bytes=0-9,5-14", "ignored"},
      {"bytes=0-9,9-9", "ignored"},
      {"bytes=0-,-1", "ignored"},
      {"bytes=5-14,0-9", "ignored"},
  };
  for (const auto& row : rows) EXPECT_EQ(ranges_of(row.field, 100), row.ranges) << row.field;
}

TEST(ByteRanges, AreAtMost32) {
  std::string field = "bytes=0-0";
  for (int i = 1; i < 32; ++i) field += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(parse_ranges(field, 100)->size(), 32U);
  EXPECT_EQ(ranges_of(field + ",98-", 100), "ignored");
  EXPECT_EQ(ranges_of(field + ",200-", 100), "ignored");
}

TEST(ByteRanges, AreIgnoredWhereThereIsNothing) {
  EXPECT_EQ(ranges_of("bytes=0-9", 0), "ignored");
  EXPECT_EQ(ranges_of("bytes=-1", 0), "ignored");
}

}  // namespace
}  // namespace tern::rest
