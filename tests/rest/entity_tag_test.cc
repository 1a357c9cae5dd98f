#include "rest/entity_tag.h"

#include <gtest/gtest.h>

#include <string_view>

namespace tern::rest {
namespace {

struct Condition {
  std::string_view field;
  bool matches;
};

TEST(EntityTag, IsFoundInIfNoneMatch) {
  constexpr Condition kConditions[] = {
      {R"("a")", true},
      {R"(W/"a")", true},
      {R"("b", "a")", true},
      {R"("b",W/"a" , "c")", true},
      {R"(,, "a")", true},
      {"*", true},
      {" * ", true},
      {R"("b,", "a")", true},
      {R"("b")", false},
      {R"(a)", false},
      {R"("a)", false},
      {R"(w/"a")", false},
      {R"("b" and "a")", false},
      {R"("b, \"a\"")", false},
      {"", false},
      {R"("A")", false},
      {R"(*, "b")", false},
  };
  for (const Condition& condition : kConditions) {
    const Fields fields{{"if-none-match", condition.field}};
    EXPECT_EQ(if_none_match_has(fields, R"("a")"), condition.matches) << condition.field;
    EXPECT_EQ(if_none_match_has(fields, R"(W/"a")"), condition.matches) << condition.field;
  }
}

TEST(EntityTag, IsFoundInTheSecondOfTwoFields) {
  const Fields fields{{"if-none-match", R"("b")"}, {"if-none-match", R"("a")"}};
  EXPECT_TRUE(if_none_match_has(fields, R"("a")"));
  EXPECT_FALSE(if_none_match_has(fields, R"("c")"));
  EXPECT_FALSE(if_none_match_has(Fields{}, R"("a")"));
}

TEST(EntityTag, IfMatchComparesStrongly) {
  EXPECT_TRUE(if_match_has(Fields{{"if-match", R"("b", "a")"}}, R"("a")"));
  EXPECT_TRUE(if_match_has(Fields{{"if-match", "*"}}, R"(W/"a")"));
  EXPECT_FALSE(if_match_has(Fields{{"if-match", R"(W/"a")"}}, R"("a")"));
  EXPECT_FALSE(if_match_has(Fields{{"if-match", R"(W/"a")"}}, R"(W/"a")"));
  EXPECT_FALSE(if_match_has(Fields{}, R"("a")"));
}

TEST(EntityTag, IsMadeOfTextWithoutBlanks) {
  EXPECT_EQ(entity_tag("v7"), R"("v7")");
  EXPECT_EQ(entity_tag(R"(a\b,c)"), R"("a\b,c")");
  EXPECT_EQ(entity_tag(""), R"("")");
  for (const char* text : {"a b", "a\tb", "\"a\"", "a\r\nb", "\x7f"}) {
    EXPECT_THROW((void)entity_tag(text), std::invalid_argument) << text;
  }
  EXPECT_EQ(weak_tag(R"("a")"), R"(W/"a")");
  EXPECT_EQ(weak_tag(R"(W/"a")"), R"(W/"a")");
}

}  // namespace
}  // namespace tern::rest
