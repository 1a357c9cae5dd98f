#include "tern/rpc/metadata.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tern {
namespace {

TEST(Metadata, KeepsOrderAndRepeats) {
  Metadata metadata{{"b", "1"}, {"a", "2"}, {"b", "3"}};
  EXPECT_EQ(metadata.size(), 3U);
  EXPECT_EQ(metadata.get("b"), "1");
  EXPECT_EQ(metadata.get_all("b"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_FALSE(metadata.get("c"));
  std::string all;
  for (const auto& [key, value] : metadata) all += std::string{key} + "=" + std::string{value} + ";";
  EXPECT_EQ(all, "b=1;a=2;b=3;");
  metadata.clear();
  EXPECT_TRUE(metadata.empty());
}

TEST(Metadata, MakesKeysLower) {
  const Metadata metadata{{"X-Request-Id", "7"}};
  EXPECT_EQ(metadata.get("x-request-id"), "7");
}

TEST(Metadata, RefusesWhatMayNotBeSent) {
  Metadata metadata;
  for (const char* key : {"", "a b", ":path", "grpc-timeout", "content-type", "te", "connection", "schlüssel"}) {
    EXPECT_THROW(metadata.add(key, "v"), std::invalid_argument) << key;
  }
  EXPECT_THROW(metadata.add("text", "안녕"), std::invalid_argument);
  EXPECT_THROW(metadata.add("text", "line\n"), std::invalid_argument);
  metadata.add("bytes-bin", "\n안녕");
  EXPECT_EQ(metadata.size(), 1U);
}

TEST(Metadata, StripsBlanksOffTexts) {
  const Metadata metadata{{"a", "  b c  "}, {"d", "   "}, {"e-bin", " f "}};
  EXPECT_EQ(metadata.get("a"), "b c");
  EXPECT_EQ(metadata.get("d"), "");
  EXPECT_EQ(metadata.get("e-bin"), " f ");
}

TEST(Metadata, DecodesWhatIsReceived) {
  Metadata metadata;
  EXPECT_TRUE(metadata.add_received("a-bin", "AAH/"));
  EXPECT_EQ(metadata.get("a-bin"), std::string_view("\x00\x01\xff", 3));
  EXPECT_TRUE(metadata.add_received("b-bin", "YQ==, Yg"));
  EXPECT_EQ(metadata.get_all("b-bin"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_FALSE(metadata.add_received("c-bin", "!"));
}

}  // namespace
}  // namespace tern
