#include "rpc/message_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tern::rpc {
namespace {

std::vector<std::uint8_t> framed(std::string_view message) {
  std::vector<std::uint8_t> bytes(kPrefixBytes);
  write_prefix(bytes.data(), message.size());
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

TEST(MessageReader, PutsTogetherWhateverTheCuts) {
  std::vector<std::uint8_t> bytes;
  for (const std::string& message : {std::string{"first"}, std::string{}, std::string(300, 'x')}) {
    const auto one = framed(message);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    MessageReader reader{1000};
    BufferQueue messages;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_TRUE(reader.receive({bytes.data() + at, std::min(piece, bytes.size() - at)}, messages).ok());
    }
    EXPECT_TRUE(reader.between_messages());
    EXPECT_EQ(messages.pop().text(), "first");
    EXPECT_EQ(messages.pop().text(), "");
    EXPECT_EQ(messages.pop().text(), std::string(300, 'x'));
    EXPECT_TRUE(messages.empty());
  }
}

TEST(MessageReader, KnowsWhenItStandsInsideOfAMessage) {
  MessageReader reader{1000};
  BufferQueue messages;
  const auto bytes = framed("message");
  EXPECT_TRUE(reader.receive({bytes.data(), 3}, messages).ok());
  EXPECT_FALSE(reader.between_messages());
}

TEST(MessageReader, RefusesWhatIsTooLongByItsPrefixAlone) {
  MessageReader reader{1000};
  BufferQueue messages;
  const std::vector<std::uint8_t> prefix{0, 0xFF, 0xFF, 0xFF, 0xFF};
  const Status status = reader.receive(prefix, messages);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(status.details().find("4294967295 vs. 1000"), std::string::npos);
}

TEST(MessageReader, TakesTheLongestThatIsAllowed) {
  MessageReader reader{5};
  BufferQueue messages;
  EXPECT_TRUE(reader.receive(framed("12345"), messages).ok());
  EXPECT_EQ(reader.receive(framed("123456"), messages).code(), StatusCode::kResourceExhausted);
}

TEST(MessageReader, RefusesFlagsThatItDoesNotKnow) {
  for (const std::uint8_t flag : {1, 2, 255}) {
    MessageReader reader{1000};
    BufferQueue messages;
    const std::vector<std::uint8_t> prefix{flag, 0, 0, 0, 1};
    EXPECT_EQ(reader.receive(prefix, messages).code(), StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace tern::rpc
