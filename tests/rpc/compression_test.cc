#include "rpc/compression.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

#include "rpc/codec.h"
#include "rpc/message_reader.h"

namespace tern::rpc {
namespace {

constexpr std::size_t kLimit = 1 << 20;

Buffer plain_message(const std::string& text) { return encode_message(RawMessage{text}, SIZE_MAX); }

/// The message as the peer's reader hands it out.
Buffer received(const Buffer& message, bool allow = true) {
  MessageReader reader{kLimit};
  if (allow) reader.allow_compressed();
  BufferQueue messages;
  EXPECT_TRUE(reader.receive(message.bytes(), messages).ok());
  return messages.empty() ? Buffer{} : messages.pop();
}

std::string noise(std::size_t size) {
  std::mt19937 random{7};
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class EachCompression : public ::testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Compression, EachCompression, ::testing::Values(Compression::kDeflate, Compression::kGzip),
                         [](const auto& its) { return std::string{name_of(its.param)}; });

TEST_P(EachCompression, GoesThereAndBack) {
  for (const std::string& text : {std::string(100'000, 'x'), std::string{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                                  noise(1000) + noise(1000) + noise(1000)}) {
    const Buffer compressed = compress_message(plain_message(text), GetParam());
    EXPECT_LT(compressed.size(), text.size());
    EXPECT_EQ(compressed.data()[0], 1);
    const Buffer message = received(compressed);
    EXPECT_TRUE(message.marked());
    EXPECT_EQ(inflate_message(message, GetParam(), kLimit)->text(), text);
  }
}

TEST_P(EachCompression, WhatGetsNoShorterStaysAsItIs) {
  for (const std::string& text : {std::string{}, std::string{"a"}, noise(500)}) {
    const Buffer message = compress_message(plain_message(text), GetParam());
    EXPECT_EQ(message.data()[0], 0);
    EXPECT_EQ(received(message).text(), text);
    EXPECT_FALSE(received(message).marked());
  }
}

TEST_P(EachCompression, StopsAtTheLimit) {
  const Buffer bomb = received(compress_message(plain_message(std::string(100 << 20, '\0')), GetParam()));
  EXPECT_LT(bomb.size(), std::size_t{200'000});
  const Result<Buffer> result = inflate_message(bomb, GetParam(), kLimit);
  EXPECT_EQ(result.status().code(), StatusCode::kResourceExhausted);
  const Buffer just = received(compress_message(plain_message(std::string(kLimit, 'x')), GetParam()));
  EXPECT_TRUE(inflate_message(just, GetParam(), kLimit).ok());
  EXPECT_EQ(inflate_message(just, GetParam(), kLimit - 1).status().code(), StatusCode::kResourceExhausted);
}

TEST_P(EachCompression, LeavesAnEmptyMessageEmpty) {
  const Result<Buffer> inflated = inflate_message(Buffer{}, GetParam(), kLimit);
  ASSERT_TRUE(inflated.ok()) << inflated.status().to_string();
  EXPECT_TRUE(inflated->empty());
}

TEST(Compression, ReadsEveryMemberOfAGzipMessage) {
  std::string members;
  std::string plain;
  for (int i = 0; i < 5; ++i) {
    const std::string text(static_cast<std::size_t>(1000 * i + 500), static_cast<char>('a' + i));
    members += received(compress_message(plain_message(text), Compression::kGzip)).text();
    plain += text;
    const Result<Buffer> inflated = inflate_message(Buffer::copy_of(members), Compression::kGzip, kLimit);
    ASSERT_TRUE(inflated.ok()) << inflated.status().to_string();
    EXPECT_EQ(inflated->text(), plain);
    // Wherever a member's end and the end of the output meet.
    EXPECT_TRUE(inflate_message(Buffer::copy_of(members), Compression::kGzip, plain.size()).ok());
    EXPECT_EQ(inflate_message(Buffer::copy_of(members), Compression::kGzip, plain.size() - 1).status().code(),
              StatusCode::kResourceExhausted);
  }
  members.pop_back();
  EXPECT_EQ(inflate_message(Buffer::copy_of(members), Compression::kGzip, kLimit).status().code(),
            StatusCode::kInternal);
}

TEST_P(EachCompression, WhatIsBrokenIsSaidToBe) {
  const Buffer good = received(compress_message(plain_message(std::string(1000, 'x')), GetParam()));
  const std::string_view whole = good.text();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(inflate_message(Buffer::copy_of(whole.substr(0, size)), GetParam(), kLimit).status().code(),
              StatusCode::kInternal)
        << size;
  }
  EXPECT_EQ(inflate_message(Buffer::copy_of(std::string{whole} + "more"), GetParam(), kLimit).status().code(),
            StatusCode::kInternal);
  EXPECT_EQ(inflate_message(Buffer::copy_of("no such thing"), GetParam(), kLimit).status().code(),
            StatusCode::kInternal);
}

TEST(Compression, NotAgreedOnIsAnError) {
  const Buffer compressed = compress_message(plain_message(std::string(1000, 'x')), Compression::kGzip);
  MessageReader reader{kLimit};
  BufferQueue messages;
  EXPECT_EQ(reader.receive(compressed.bytes(), messages).code(), StatusCode::kInternal);
}

TEST(Compression, Names) {
  EXPECT_EQ(parse_compression("gzip"), Compression::kGzip);
  EXPECT_EQ(parse_compression("identity"), Compression::kIdentity);
  EXPECT_FALSE(parse_compression("GZIP"));
  EXPECT_FALSE(parse_compression(""));
}

}  // namespace
}  // namespace tern::rpc
