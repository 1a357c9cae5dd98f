#include "codegen/comments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tern::codegen {
namespace {

using Lines = std::vector<std::string>;

TEST(Comments, AreSplitAtLineEndsOfAnyKind) {
  EXPECT_EQ(comment_lines(" one\r\n two\r three\n\n  four \t\n\n"), (Lines{"one", "two", "three", "", " four"}));
  EXPECT_EQ(comment_lines(""), Lines{});
  EXPECT_EQ(comment_lines("\r\n\r\n"), Lines{});
}

TEST(Comments, LoseControlCharactersAndBytesThatAreNotUtf8) {
  EXPECT_EQ(comment_lines("a\x01\x7f\x1b[0m\tb"), Lines{"a[0m\tb"});
  EXPECT_EQ(comment_lines("\xe2\x80\xae\xe2\x81\xa6x\xc2\x85"), Lines{"x"}) << "U+202E, U+2066, U+0085";
  EXPECT_EQ(comment_lines("\xff-\xc3"), Lines{"\xef\xbf\xbd-\xef\xbf\xbd"});
  EXPECT_EQ(comment_lines("\xed\xa0\x80"), Lines{"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}) << "a surrogate";
  EXPECT_EQ(comment_lines("\xc0\x80\xf4\x90\x80\x80").front().find('\0'), std::string::npos) << "overlong, too large";
  EXPECT_EQ(comment_lines("\xf0\x9f\x90\xa6 \xc3\xa9"), Lines{"\xf0\x9f\x90\xa6 \xc3\xa9"});
}

TEST(Comments, AreLiteralsOfOneLineEach) {
  EXPECT_EQ(literal_of({"say \"so\" \\", "", "what?\?/\t?\?\?"}, "  "),
            "\"say \\\"so\\\" \\\\\\n\"\n  \"\\n\"\n  \"what?\\?/\\t?\\?\\?\"");
  EXPECT_EQ(literal_of({"x"}, ""), "\"x\"");
}

TEST(Comments, AreCutBetweenCharactersAt60000Bytes) {
  const std::string euro = "\xe2\x82\xac";
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += euro;
  const std::string literal = literal_of({text, "more"}, "");
  EXPECT_LE(literal.size(), 60'000U);
  EXPECT_TRUE(literal.ends_with(euro + "\""));
}

}  // namespace
}  // namespace tern::codegen
