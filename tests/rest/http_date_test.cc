#include "rest/http_date.h"

#include <gtest/gtest.h>

#include <string_view>

namespace tern::rest {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kNow = sys_days{2026y / 11 / 28} + 12h;
constexpr sys_seconds kThen = sys_days{1994y / 11 / 6} + 8h + 49min + 37s;

TEST(HttpDate, IsWrittenInOneFormat) { EXPECT_EQ(http_date(kThen), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(HttpDate, IsReadInThreeFormats) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kThen);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kThen);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), kThen);
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", kNow), kThen + 240h);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT", kNow), sys_days{2024y / 3 / 1});
}

TEST(HttpDate, TwoDigitsAreAYearThatIsAtMostFiftyYearsAhead) {
  EXPECT_EQ(parse_http_date("Sunday, 01-Mar-76 00:00:00 GMT", kNow), sys_days{2076y / 3 / 1});
  EXPECT_EQ(parse_http_date("Sunday, 01-Mar-77 00:00:00 GMT", kNow), sys_days{1977y / 3 / 1});
}

TEST(HttpDate, RejectsOtherTexts) {
  constexpr std::string_view kTexts[] = {
      "",
      "0",
      "yesterday",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Son, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:00 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 94 08:49:37 GMT",
      "Sun, 06-Nov-94 08:49:37 GMT",
      "Sun Nov 6 08:49:37 1994",
      "1994-11-06T08:49:37Z",
      "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
  };
  for (const std::string_view text : kTexts) EXPECT_FALSE(parse_http_date(text, kNow)) << text;
}

}  // namespace
}  // namespace tern::rest
