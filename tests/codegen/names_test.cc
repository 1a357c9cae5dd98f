#include "codegen/names.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "codegen/reserved_words.h"

namespace tern::codegen {
namespace {

bool usable(const std::string& name) { return !is_keyword(name) && !is_macro(name); }

TEST(Names, GetUnderscoresUntilTheyAreFree) {
  const auto names =
      renamed({"delete", "delete_", "EOF", "KV", "AF_INET", "__linux__", "_Bool", "errno", "errno__"}, usable);
  EXPECT_EQ(names.at("delete"), "delete__") << "delete_ is declared, and keeps its name";
  EXPECT_EQ(names.at("delete_"), "delete_");
  EXPECT_EQ(names.at("EOF"), "EOF_");
  EXPECT_EQ(names.at("KV"), "KV");
  EXPECT_EQ(names.at("AF_INET"), "AF_INET_");
  EXPECT_EQ(names.at("__linux__"), "__linux___");
  EXPECT_EQ(names.at("_Bool"), "_Bool___");
  EXPECT_EQ(names.at("errno"), "errno_");
}

TEST(Names, StayDistinctWhenRenamedOnesMeet) {
  const auto names = renamed({"a", "a_"}, [](const std::string& name) { return name.ends_with("__"); });
  EXPECT_EQ(names.at("a"), "a__");
  EXPECT_EQ(names.at("a_"), "a___");
}

TEST(ReservedWords, AreKeywordsAndMacrosOfCommonHeaders) {
  for (const char* word : {"co_await", "and_eq", "requires", "typeof"}) EXPECT_TRUE(is_keyword(word)) << word;
  for (const char* word : {"errno", "unix", "signals", "NAN", "PRIu64", "M_PIl", "MY_FLAG", "__x", "_Foo"}) {
    EXPECT_TRUE(is_macro(word)) << word;
  }
  for (const char* word : {"Get", "KV", "PRIVATE", "get_user", "V1_Get", "_x", "MY_FLAG_", "name", "SIGN"}) {
    EXPECT_TRUE(usable(word)) << word;
  }
}

}  // namespace
}  // namespace tern::codegen
