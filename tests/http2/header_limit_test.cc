// Header blocks that are longer than this side accepts, or than the peer says that it accepts (RFC 9113 §6.5.2,
// §10.5.1).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "http2/header_list.h"
#include "http2/raw_session.h"

namespace tern::http2::test {
namespace {

/// A literal field "x" of this many bytes, without Huffman coding.
Bytes long_field(std::size_t size) {
  Bytes bytes{0x00, 0x01, 'x', 0x7f};
  std::size_t left = size - 127;
  for (; left >= 0x80; left >>= 7) bytes.push_back(static_cast<std::uint8_t>(left | 0x80));
  bytes.push_back(static_cast<std::uint8_t>(left));
  return bytes + Bytes(size, 'x');
}

/// HEADERS and as many CONTINUATION as it takes.
Bytes cut_into_frames(std::uint32_t stream, const Bytes& block) {
  Bytes all;
  for (std::size_t at = 0; at < block.size(); at += kMaxFramePayload) {
    const auto end = std::min(at + kMaxFramePayload, block.size());
    const std::uint8_t flags = end == block.size() ? flag::kEndHeaders : std::uint8_t{0};
    all = all + frame(at == 0 ? FrameType::kHeaders : FrameType::kContinuation, flags, stream,
                      Bytes(block.begin() + static_cast<std::ptrdiff_t>(at),
                            block.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  return all;
}

TEST(HeaderLimit, RejectsALongBlockAndKeepsTheConnection) {
  const auto raw = Raw::greeted(Role::kServer, {.max_header_bytes = 1000});
  ASSERT_TRUE(raw->receive(request(1) + request(3, 0, long_field(1000)) + data(3, 10)));
  EXPECT_EQ(raw->reset_of(3), ErrorCode::kEnhanceYourCalm);
  EXPECT_TRUE(raw->receive(data(1, 5, flag::kEndStream)));
  EXPECT_EQ(raw->end.streams[0]->data, "ddddd");
}

TEST(HeaderLimit, CountsFieldsToo) {
  const auto raw = Raw::greeted(Role::kServer, {.max_header_fields = 5});
  const Bytes field{0x00, 0x01, 'a', 0x01, 'b'};
  ASSERT_TRUE(raw->receive(request(1, 0, field + field) + request(3, 0, field + field + field)));
  EXPECT_EQ(raw->reset_of(3), ErrorCode::kEnhanceYourCalm);
  EXPECT_EQ(raw->end.streams[0]->header_blocks, 1);
  EXPECT_EQ(raw->end.streams[1]->header_blocks, 0);
}

TEST(HeaderLimit, AcceptsTheContinuationsOfALargerLimit) {
  const std::size_t size = 20 * kMaxFramePayload;
  const auto raw = Raw::greeted(Role::kServer, {.max_header_bytes = std::uint32_t{21} * kMaxFramePayload});
  ASSERT_TRUE(raw->receive(cut_into_frames(1, kRequestBlock + long_field(size)))) << raw->end.session.error();
  ASSERT_EQ(raw->end.streams.size(), 1U);
  EXPECT_EQ(raw->end.streams[0]->header("x").size(), size);
}

TEST(HeaderLimit, SaysWhatThePeerAnnounced) {
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(request(1)));
  EXPECT_EQ(raw->end.streams[0]->peer_header_limit(), kNoHeaderLimit);
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kMaxHeaderListSize, 777))));
  EXPECT_EQ(raw->end.streams[0]->peer_header_limit(), 777U);
  EXPECT_EQ(NotedStream{}.peer_header_limit(), kNoHeaderLimit);
}

TEST(HeaderLimit, CountsAsTheStandardDoes) {
  const std::array<HeaderField, 2> fields{HeaderField{"ab", "cde", false}, HeaderField{"f", "", false}};
  EXPECT_EQ(header_list_size(fields), 2U + 3U + 1U + 2U * 32U);
}

}  // namespace
}  // namespace tern::http2::test
