// The conditions of a request, in the order in which RFC 9110 §13.2.2 has them looked at.
#include "rest/conditions.h"

#include <gtest/gtest.h>

#include <string>

#include "rest/no_body.h"

namespace tern::rest {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kModified = sys_days{2026y / 11 / 1} + 12h;
constexpr sys_seconds kNow = sys_days{2026y / 11 / 28};
constexpr const char* kBefore = "Sun, 01 Nov 2026 11:59:59 GMT";
constexpr const char* kSame = "Sun, 01 Nov 2026 12:00:00 GMT";
constexpr const char* kAfter = "Mon, 02 Nov 2026 00:00:00 GMT";

Request request_with(const char* method, const Fields& fields) {
  static NoBody none;
  Request request{method, "/", none, 0};
  request.fields = fields;
  return request;
}

struct Row {
  const char* name;
  Fields fields;
  Precondition expected;
  const char* method = "GET";
};

void expect_all(const std::vector<Row>& rows, const Validators& validators) {
  for (const Row& row : rows) {
    EXPECT_EQ(check_conditions(request_with(row.method, row.fields), validators, kNow), row.expected) << row.name;
  }
}

constexpr auto kHolds = Precondition::kHolds;
constexpr auto kNotModified = Precondition::kNotModified;
constexpr auto kFailed = Precondition::kFailed;

TEST(Conditions, AreLookedAtInTheirOrder) {
  expect_all(
      {
          {"none", {}, kHolds},
          {"If-Match", {{"if-match", R"("a")"}}, kHolds},
          {"If-Match in a list", {{"if-match", R"("x", "a")"}}, kHolds},
          {"If-Match of anything", {{"if-match", "*"}}, kHolds},
          {"If-Match, another", {{"if-match", R"("b")"}}, kFailed},
          {"If-Match, weak", {{"if-match", R"(W/"a")"}}, kFailed},
          {"If-Match, malformed", {{"if-match", "a"}}, kFailed},
          {"If-Match, two fields", {{"if-match", R"("b")"}, {"if-match", R"("a")"}}, kHolds},
          {"If-Unmodified-Since, before", {{"if-unmodified-since", kBefore}}, kFailed},
          {"If-Unmodified-Since, the same", {{"if-unmodified-since", kSame}}, kHolds},
          {"If-Unmodified-Since, after", {{"if-unmodified-since", kAfter}}, kHolds},
          {"If-Unmodified-Since, malformed", {{"if-unmodified-since", "then"}}, kHolds},
          {"If-Match beats If-Unmodified-Since", {{"if-match", R"("a")"}, {"if-unmodified-since", kBefore}}, kHolds},
          {"If-None-Match", {{"if-none-match", R"("a")"}}, kNotModified},
          {"If-None-Match, weak", {{"if-none-match", R"(W/"a")"}}, kNotModified},
          {"If-None-Match, anything", {{"if-none-match", "*"}}, kNotModified},
          {"If-None-Match, another", {{"if-none-match", R"("b")"}}, kHolds},
          {"If-None-Match, HEAD", {{"if-none-match", R"("a")"}}, kNotModified, "HEAD"},
          {"If-None-Match, PUT", {{"if-none-match", "*"}}, kFailed, "PUT"},
          {"If-Modified-Since, before", {{"if-modified-since", kBefore}}, kHolds},
          {"If-Modified-Since, the same", {{"if-modified-since", kSame}}, kNotModified},
          {"If-Modified-Since, after", {{"if-modified-since", kAfter}}, kNotModified},
          {"If-Modified-Since, malformed", {{"if-modified-since", "2026-11-02"}}, kHolds},
          {"If-Modified-Since, two", {{"if-modified-since", kAfter}, {"if-modified-since", kAfter}}, kHolds},
          {"If-Modified-Since, PUT", {{"if-modified-since", kAfter}}, kHolds, "PUT"},
          {"If-None-Match beats If-Modified-Since",
           {{"if-none-match", R"("b")"}, {"if-modified-since", kAfter}},
           kHolds},
          {"If-None-Match beats If-Modified-Since, the other way",
           {{"if-none-match", R"("a")"}, {"if-modified-since", kBefore}},
           kNotModified},
          {"412 beats 304", {{"if-match", R"("b")"}, {"if-none-match", R"("a")"}}, kFailed},
          {"304 after If-Match", {{"if-match", R"("a")"}, {"if-none-match", R"("a")"}}, kNotModified},
      },
      {R"("a")", kModified});
}

TEST(Conditions, WeakTagsMatchNoIfMatch) {
  expect_all({{"strong", {{"if-match", R"("a")"}}, kFailed},
              {"weak", {{"if-match", R"(W/"a")"}}, kFailed},
              {"anything", {{"if-match", "*"}}, kHolds},
              {"If-None-Match", {{"if-none-match", R"("a")"}}, kNotModified}},
             {R"(W/"a")", {}});
}

TEST(Conditions, WithoutValidatorsHoldForDatesAndNotForTags) {
  expect_all({{"If-Match", {{"if-match", R"("a")"}}, kFailed},
              {"If-Match of anything", {{"if-match", "*"}}, kHolds},
              {"If-None-Match", {{"if-none-match", R"("a")"}}, kHolds},
              {"If-Modified-Since", {{"if-modified-since", kAfter}}, kHolds},
              {"If-Unmodified-Since", {{"if-unmodified-since", kBefore}}, kHolds}},
             {});
}

TEST(Conditions, IfRangeNeedsTheSameVersion) {
  const struct {
    const char* value;
    bool holds;
  } rows[] = {{R"("a")", true}, {R"("b")", false}, {R"(W/"a")", false}, {kSame, true},         {kBefore, false},
              {kAfter, false},  {"then", false},   {"", false},         {R"("b", "a")", false}};
  for (const auto& row : rows) {
    const Request request = request_with("GET", {{"if-range", row.value}});
    EXPECT_EQ(if_range_holds(request, {R"("a")", kModified}, kNow), row.holds) << row.value;
  }
  EXPECT_TRUE(if_range_holds(request_with("GET", {}), {}, kNow));
  EXPECT_FALSE(if_range_holds(request_with("GET", {{"if-range", R"(W/"a")"}}), {R"(W/"a")", {}}, kNow));
  // The bytes may change once more in this second (RFC 9110 §8.8.2.2).
  EXPECT_FALSE(if_range_holds(request_with("GET", {{"if-range", kSame}}), {{}, kModified}, kModified));
}

}  // namespace
}  // namespace tern::rest
