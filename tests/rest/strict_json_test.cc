#include "rest/strict_json.h"

#include <gtest/gtest.h>

#include <string>

namespace tern::rest {
namespace {

TEST(StrictJson, TakesOneValueOfAnyKind) {
  for (const char* text : {"null", " true\n", "-0.5e+3", R"("é\u00e9\ud83d\ude00")", "[]", "{}",
                           R"([1,"a",{"b":[null]}])", R"({"a":{"a":1},"b":[{"a":1},{"a":1}]})", R"({"":0})"}) {
    EXPECT_TRUE(check_json(text).ok()) << text << ": " << check_json(text).details();
  }
}

TEST(StrictJson, SaysWhatIsWrong) {
  const struct {
    std::string text;
    const char* problem;
  } cases[] = {
      {"", "invalid JSON at byte 0: incomplete JSON"},
      {"{} x", "invalid JSON at byte 3: text follows the value"},
      {"[1,]", "invalid JSON at byte 3: syntax error"},
      {R"({"a":1,"b":{"c":1,"c":2}})", R"(one object has the name "c" twice)"},
      {R"([{"":1,"":2}])", R"(one object has the name "" twice)"},
      {std::string(101, '['), "the JSON is nested deeper than 100 levels"},
  };
  for (const auto& each : cases) EXPECT_EQ(check_json(each.text).details(), each.problem) << each.text;
}

TEST(StrictJson, FindsADuplicateAmongManyNames) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"n" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(check_json(text + "\"m\":0}").ok());
  EXPECT_EQ(check_json(text + "\"n5\":0}").details(), "one object has the name \"n5\" twice");
}

}  // namespace
}  // namespace tern::rest
