// Tables of the bytes that RFC 3629 allows, and of how texts with other bytes are shown.
#include "text/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tern::text {
namespace {

using Table = std::vector<std::pair<std::string, std::string>>;

TEST(Utf8, IsWhatRfc3629Allows) {
  const std::vector<std::string> valid{"",
                                       "a",
                                       std::string{"\0", 1},
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
  for (const std::string& text : valid) EXPECT_TRUE(is_utf8(text)) << testing::PrintToString(text);
  const std::vector<std::string> invalid{"\x80",
                                         "\xbf",
                                         "\xc0\x80",
                                         "\xc1\xbf",
                                         "\xc2",
                                         "\xc2"
                                         "a",
                                         "\xe0\x9f\xbf",
                                         "\xed\xa0\x80",
                                         "\xed\xbf\xbf",
                                         "\xe2\x82",
                                         "\xf0\x8f\xbf\xbf",
                                         "\xf4\x90\x80\x80",
                                         "\xf5\x80\x80\x80",
                                         "\xff",
                                         "\xfe",
                                         "a\xff"
                                         "b"};
  for (const std::string& text : invalid) EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
}

TEST(Utf8, ReplacesEachByteThatIsNotValid) {
  const Table cases{
      {"plain", "plain"},
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xe2\x82\xac", "\xe2\x82\xac"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(valid_utf8(text), expected);
}

TEST(Utf8, IsValidForAnyBytesAndStaysBelowTheLimit) {
  std::string all;
  for (int round = 0; round < 4; ++round) {
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>((byte * (2 * round + 1)) & 255);
  }
  for (std::size_t begin = 0; begin < all.size(); begin += 7) {
    const std::string text = all.substr(begin);
    for (const std::size_t limit : {std::size_t{3}, std::size_t{4}, std::size_t{5}, std::size_t{64}, SIZE_MAX}) {
      const std::string valid = valid_utf8(text, limit);
      EXPECT_TRUE(is_utf8(valid));
      EXPECT_LE(valid.size(), limit);
      const std::string line = log_text(text, limit);
      EXPECT_TRUE(is_utf8(line));
      EXPECT_LE(line.size(), limit);
      EXPECT_EQ(line.find('\n'), std::string::npos);
    }
  }
}

TEST(Utf8, CutsBehindAWholeCharacterAndSaysSo) {
  EXPECT_EQ(valid_utf8("abcdef", 6), "abcdef");
  EXPECT_EQ(valid_utf8("abcdefg", 6), "abc\xe2\x80\xa6");
  EXPECT_EQ(valid_utf8("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8), "\xe2\x82\xac\xe2\x80\xa6");
}

TEST(LogText, EscapesWhatWouldLookLikeAnotherLine) {
  const Table cases{
      {"hello \xc3\xa9", "hello \xc3\xa9"},
      {"a\nb\r\tc", "a\\nb\\r\\tc"},
      {"\x1b[31m", "\\u001b[31m"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"C:\\x", "C:\\\\x"},
      {"\xe2\x80\xae"
       "gpj",
       "\\u202egpj"},
      {"\xe2\x80\xa8", "\\u2028"},
      {"\x7f\xc2\x85", "\\u007f\\u0085"},
      {std::string{"\0", 1}, "\\u0000"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(log_text(text), expected);
}

}  // namespace
}  // namespace tern::text
