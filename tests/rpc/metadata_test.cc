#include "tern/rpc/metadata.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "call/wire_metadata.h"
#include "http2/header_list.h"

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
  for (const char* key :
       {"", "a b", ":path", "grpc-timeout", "content-type", "te", "grpc-status", "connection", "schlüssel"}) {
    EXPECT_THROW(metadata.add(key, "v"), std::invalid_argument) << key;
  }
  EXPECT_THROW(metadata.add("text", "안녕"), std::invalid_argument);
  EXPECT_THROW(metadata.add("text", "line\n"), std::invalid_argument);
  metadata.add("bytes-bin", "\n안녕");
  EXPECT_EQ(metadata.size(), 1U);
}

TEST(Metadata, PassesReceivedEntriesOnWithoutReservedNames) {
  Metadata received;
  for (const char* key : {"user-agent", "content-length", "host", "grpc-trace-bin", "x-id", "x-odd"}) {
    EXPECT_TRUE(received.add_received(key, std::string_view{key} == "x-odd" ? "caf\xe9\t!" : "1234"));
  }
  Metadata whole;
  whole.add_all(received);
  Metadata one_by_one;
  for (const auto& [key, value] : received) {
    if (key != "x-odd") one_by_one.add(key, value);
  }
  EXPECT_THROW(one_by_one.add("x-odd", "caf\xe9"), std::invalid_argument);
  whole.add_all(whole);
  const auto sent = [](const Metadata& metadata) {
    http2::HeaderFields fields;
    FieldTexts texts;
    append_metadata(fields, metadata, texts);
    std::string all;
    for (const http2::HeaderField& field : fields)
      all += std::string{field.name} + "=" + std::string{field.value} + ";";
    EXPECT_EQ(wire_size(metadata), http2::header_list_size(fields));
    return all;
  };
  EXPECT_EQ(sent(received), "x-id=1234;x-odd=caf\xe9\t!;");
  EXPECT_EQ(sent(whole), sent(received) + sent(received));
  EXPECT_EQ(sent(one_by_one), "x-id=1234;");
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
