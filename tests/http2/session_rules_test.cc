// What a session says to frames that its own other end would not send, section by section of RFC 9113.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "http2/raw_session.h"

namespace tern::http2::test {
namespace {

Bytes ping() { return frame(FrameType::kPing, 0, 0, Bytes(8, 1)); }

Bytes repeated(int times, const Bytes& bytes) {
  Bytes all;
  all.reserve(bytes.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

struct Rule {
  const char* what;
  ErrorCode code;
  Bytes bytes;
};

void PrintTo(const Rule& rule, std::ostream* to) { *to << rule.what; }

class ConnectionError : public ::testing::TestWithParam<Rule> {};

TEST_P(ConnectionError, EndsTheConnectionWithItsCode) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1} << 20}) {
    const auto raw = Raw::greeted(Role::kServer);
    const std::span<const std::uint8_t> bytes{GetParam().bytes};
    bool alive = true;
    for (std::size_t at = 0; at < bytes.size() && alive; at += piece) {
      alive = raw->end.session.receive(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    }
    EXPECT_FALSE(alive);
    EXPECT_EQ(raw->goodbye(), GetParam().code) << raw->end.session.error();
    EXPECT_FALSE(raw->end.session.error().empty());
    EXPECT_TRUE(raw->end.session.finished());
  }
}

const std::vector<Rule> kConnectionErrors{
    {"§4.2 a frame that is too long", ErrorCode::kFrameSizeError, data(1, kMaxFramePayload + 1)},
    {"§4.3 a broken header block", ErrorCode::kCompressionError,
     frame(FrameType::kHeaders, flag::kEndHeaders, 1, {0x80})},
    {"§4.3 another frame inside of a header block", ErrorCode::kProtocolError,
     frame(FrameType::kHeaders, 0, 1, kRequestBlock) + ping()},
    {"§4.3 another stream's CONTINUATION", ErrorCode::kProtocolError,
     frame(FrameType::kHeaders, 0, 1, kRequestBlock) + frame(FrameType::kContinuation, flag::kEndHeaders, 3)},
    {"§5.1 HEADERS after the end", ErrorCode::kStreamClosed, request(1, flag::kEndStream) + request(1)},
    {"§5.1 DATA after the end", ErrorCode::kStreamClosed, request(1, flag::kEndStream) + data(1, 1)},
    {"§5.1 DATA on an idle stream", ErrorCode::kProtocolError, data(1, 1)},
    {"§5.1 RST_STREAM on an idle stream", ErrorCode::kProtocolError, reset(1)},
    {"§5.1 WINDOW_UPDATE on an idle stream", ErrorCode::kProtocolError, window_update(1, 1)},
    {"§5.1.1 a stream with a server's number", ErrorCode::kProtocolError, request(2)},
    {"§6.1 DATA without a stream", ErrorCode::kProtocolError, data(0, 1)},
    {"§6.1 DATA whose padding is too long", ErrorCode::kProtocolError,
     request(1) + frame(FrameType::kData, flag::kPadded, 1, {3, 0, 0})},
    {"§6.1 padded DATA of nothing", ErrorCode::kFrameSizeError, request(1) + frame(FrameType::kData, flag::kPadded, 1)},
    {"§6.2 HEADERS without a stream", ErrorCode::kProtocolError, request(0)},
    {"§6.2 HEADERS whose padding is too long", ErrorCode::kProtocolError,
     frame(FrameType::kHeaders, flag::kEndHeaders | flag::kPadded, 1, {4, 0x83, 0x86, 0x84})},
    {"§6.2 padded HEADERS of nothing", ErrorCode::kFrameSizeError,
     frame(FrameType::kHeaders, flag::kEndHeaders | flag::kPadded, 1)},
    {"§5.1 RST_STREAM on a stream that only a server could open", ErrorCode::kProtocolError, reset(2)},
    {"§5.1 WINDOW_UPDATE on a stream that only a server could open", ErrorCode::kProtocolError, window_update(2, 1)},
    {"§5.5 a frame that nobody knows inside of a header block", ErrorCode::kProtocolError,
     frame(FrameType::kHeaders, 0, 1, kRequestBlock) + frame(static_cast<FrameType>(0xee), 0, 1)},
    {"§6.2 HEADERS that are too short for their priority", ErrorCode::kFrameSizeError,
     frame(FrameType::kHeaders, flag::kEndHeaders | flag::kPriority, 1, Bytes(4))},
    {"§6.3 PRIORITY of a wrong size", ErrorCode::kFrameSizeError, frame(FrameType::kPriority, 0, 1, Bytes(4))},
    {"§6.3 PRIORITY without a stream", ErrorCode::kProtocolError, frame(FrameType::kPriority, 0, 0, Bytes(5))},
    {"§6.4 RST_STREAM without a stream", ErrorCode::kProtocolError, reset(0)},
    {"§6.4 RST_STREAM of a wrong size", ErrorCode::kFrameSizeError,
     request(1) + frame(FrameType::kResetStream, 0, 1, Bytes(5))},
    {"§6.5 SETTINGS on a stream", ErrorCode::kProtocolError, frame(FrameType::kSettings, 0, 1)},
    {"§6.5 SETTINGS of a wrong size", ErrorCode::kFrameSizeError, settings(Bytes(5))},
    {"§6.5 an acknowledgement that is not empty", ErrorCode::kFrameSizeError,
     frame(FrameType::kSettings, flag::kAck, 0, Bytes(6))},
    {"§6.5.2 ENABLE_PUSH", ErrorCode::kProtocolError, settings(setting(SettingId::kEnablePush, 2))},
    {"§6.5.2 INITIAL_WINDOW_SIZE", ErrorCode::kFlowControlError,
     settings(setting(SettingId::kInitialWindowSize, 0x80000000))},
    {"§6.5.2 MAX_FRAME_SIZE too small", ErrorCode::kProtocolError, settings(setting(SettingId::kMaxFrameSize, 16383))},
    {"§6.5.2 MAX_FRAME_SIZE too large", ErrorCode::kProtocolError,
     settings(setting(SettingId::kMaxFrameSize, 1 << 24))},
    {"§6.6 a push of a client", ErrorCode::kProtocolError, frame(FrameType::kPushPromise, 0, 1, Bytes(4))},
    {"§6.7 PING of a wrong size", ErrorCode::kFrameSizeError, frame(FrameType::kPing, 0, 0, Bytes(7))},
    {"§6.7 PING on a stream", ErrorCode::kProtocolError, frame(FrameType::kPing, 0, 1, Bytes(8))},
    {"§6.8 GOAWAY on a stream", ErrorCode::kProtocolError, frame(FrameType::kGoAway, 0, 1, Bytes(8))},
    {"§6.8 GOAWAY that is too short", ErrorCode::kFrameSizeError, frame(FrameType::kGoAway, 0, 0, Bytes(7))},
    {"§6.9 WINDOW_UPDATE of a wrong size", ErrorCode::kFrameSizeError, frame(FrameType::kWindowUpdate, 0, 0, Bytes(3))},
    {"§6.9 WINDOW_UPDATE of nothing", ErrorCode::kProtocolError, window_update(0, 0)},
    {"§6.9.1 the connection's window beyond its largest", ErrorCode::kFlowControlError, window_update(0, 0x7fffffff)},
    {"§6.9.2 a stream's window beyond its largest, by SETTINGS", ErrorCode::kFlowControlError,
     request(1) + window_update(1, 0x7fffffff - kInitialWindow) +
         settings(setting(SettingId::kInitialWindowSize, kInitialWindow + 1))},
    {"§6.10 CONTINUATION without HEADERS", ErrorCode::kProtocolError,
     frame(FrameType::kContinuation, flag::kEndHeaders, 1)},
    {"§6.10 CONTINUATION without a stream", ErrorCode::kProtocolError,
     frame(FrameType::kContinuation, flag::kEndHeaders, 0)},
    {"§6.10 CONTINUATION after the end of the block", ErrorCode::kProtocolError,
     request(1) + frame(FrameType::kContinuation, flag::kEndHeaders, 1)},
    {"RFC 7541 §4.2 a table larger than was allowed", ErrorCode::kCompressionError,
     frame(FrameType::kHeaders, flag::kEndHeaders, 1, Bytes{0x3f, 0xe2, 0x1f} + kRequestBlock)},
    {"a flood of CONTINUATION", ErrorCode::kEnhanceYourCalm,
     frame(FrameType::kHeaders, 0, 1, kRequestBlock) +
         repeated(kMaxContinuations + 1, frame(FrameType::kContinuation, 0, 1, {0x83}))},
    {"a flood of empty DATA", ErrorCode::kEnhanceYourCalm, request(1) + repeated(2 * kOddityBurst, data(1, 0))},
    {"a flood of PRIORITY", ErrorCode::kEnhanceYourCalm,
     repeated(2 * kOddityBurst, frame(FrameType::kPriority, 0, 1, Bytes(5)))},
    {"a flood of frames that nobody knows", ErrorCode::kEnhanceYourCalm,
     repeated(2 * kOddityBurst, frame(static_cast<FrameType>(0xee), 0, 1))},
    {"a flood of PING by who does not read", ErrorCode::kEnhanceYourCalm, repeated(kMaxAcknowledgements + 1, ping())},
    {"a flood of SETTINGS by who does not read", ErrorCode::kEnhanceYourCalm,
     repeated(kMaxAcknowledgements + 1, settings())},
};

INSTANTIATE_TEST_SUITE_P(Rfc9113, ConnectionError, ::testing::ValuesIn(kConnectionErrors));

TEST(SessionRules, TheFirstFrameIsSettings) {  // §3.4
  Raw raw{Role::kServer};
  EXPECT_FALSE(raw.receive(ping()));
  EXPECT_EQ(raw.goodbye(), ErrorCode::kProtocolError);
}

TEST(SessionRules, RapidResetsAreOneTooMany) {  // CVE-2023-44487
  const auto raw = Raw::greeted(Role::kServer);
  std::uint32_t id = 1;
  for (; id < 4 * kResetBurst; id += 2) {
    if (!raw->receive(request(id) + reset(id))) break;
  }
  EXPECT_EQ(raw->goodbye(), ErrorCode::kEnhanceYourCalm);
  EXPECT_GE(id / 2, kResetBurst);
}

TEST(SessionRules, ProvokedResetsAreOneTooMany) {  // CVE-2025-8671
  const auto raw = Raw::greeted(Role::kServer);
  std::uint32_t id = 1;
  for (; id < 4 * kOddityBurst; id += 2) {
    if (!raw->receive(request(id) + window_update(id, 0))) break;
    if (id % 20 == 1) raw->sent();
  }
  EXPECT_EQ(raw->goodbye(), ErrorCode::kEnhanceYourCalm);
}

class StreamError : public ::testing::TestWithParam<Rule> {};

// The connection, and its other streams, go on.
TEST_P(StreamError, ResetsTheStreamWithItsCode) {
  const auto raw = Raw::greeted(Role::kServer, {.stream_window = 1 << 16});
  ASSERT_TRUE(raw->receive(request(1)));
  ASSERT_TRUE(raw->receive(GetParam().bytes));
  EXPECT_EQ(raw->reset_of(3), GetParam().code);
  ASSERT_EQ(raw->end.streams.size(), 2U);
  EXPECT_TRUE(raw->end.streams[1]->closed);
  EXPECT_EQ(raw->end.streams[1]->code, GetParam().code);
  EXPECT_FALSE(raw->end.streams[0]->closed);
  EXPECT_TRUE(raw->receive(data(1, 5, flag::kEndStream)));
  EXPECT_EQ(raw->end.streams[0]->data, "ddddd");
  EXPECT_TRUE(raw->end.streams[0]->ended);
}

Bytes unread(std::uint32_t stream, std::size_t size) {
  Bytes all;
  for (; size > 0; size -= std::min(size, kMaxFramePayload)) all = all + data(stream, std::min(size, kMaxFramePayload));
  return all;
}
/// content-length: 5, a literal with the fixed table's name.
const Bytes kFiveBytes{0x0f, 0x0d, 0x01, '5'};

const std::vector<Rule> kStreamErrors{
    {"§6.9 WINDOW_UPDATE of nothing", ErrorCode::kProtocolError, request(3) + window_update(3, 0)},
    {"§6.9.1 a window beyond its largest", ErrorCode::kFlowControlError, request(3) + window_update(3, 0x7fffffff)},
    {"§8.1 trailers that do not end the stream", ErrorCode::kProtocolError, request(3) + request(3)},
    {"§8.1.1 more than content-length", ErrorCode::kProtocolError, request(3, 0, kFiveBytes) + data(3, 6)},
    {"§8.1.1 less than content-length", ErrorCode::kProtocolError,
     request(3, 0, kFiveBytes) + data(3, 4, flag::kEndStream)},
    {"§8.1.1 no content where there should be", ErrorCode::kProtocolError, request(3, flag::kEndStream, kFiveBytes)},
    {"§8.2.1 an upper-case name", ErrorCode::kProtocolError, request(3, 0, {0x00, 0x01, 'A', 0x01, 'b'})},
    {"§8.2.1 a name with a colon in it", ErrorCode::kProtocolError,
     request(3, 0, {0x00, 0x03, 'a', ':', 'b', 0x01, 'c'})},
    {"§8.2.1 a value that ends a line", ErrorCode::kProtocolError,
     request(3, 0, {0x00, 0x01, 'a', 0x03, 'b', '\n', 'c'})},
    {"§8.2.2 a field of HTTP/1.1", ErrorCode::kProtocolError,
     request(3, 0, Bytes{0x00, 0x07} + Bytes{'u', 'p', 'g', 'r', 'a', 'd', 'e'} + Bytes{0x01, 'c'})},
    {"§8.3 a pseudo-header field that comes twice", ErrorCode::kProtocolError, request(3, 0, {0x84})},
    {"§8.3 a pseudo-header field of responses", ErrorCode::kProtocolError, request(3, 0, {0x88})},
    {"§8.3 a pseudo-header field after others", ErrorCode::kProtocolError,
     frame(FrameType::kHeaders, flag::kEndHeaders, 3, {0x83, 0x86, 0x00, 0x01, 'a', 0x01, 'b', 0x84})},
    {"§8.1 a pseudo-header field in trailers", ErrorCode::kProtocolError,
     request(3) + frame(FrameType::kHeaders, flag::kEndHeaders | flag::kEndStream, 3, {0x84})},
    {"§8.3.1 a request without a path", ErrorCode::kProtocolError,
     frame(FrameType::kHeaders, flag::kEndHeaders, 3, {0x83, 0x86})},
};

INSTANTIATE_TEST_SUITE_P(Rfc9113, StreamError, ::testing::ValuesIn(kStreamErrors));

std::size_t data_bytes(const std::vector<Sent>& frames) {
  std::size_t sum = 0;
  for (const Sent& one : frames) {
    if (one.header.type == FrameType::kData) sum += one.payload.size();
  }
  return sum;
}

class NoError : public ::testing::TestWithParam<Rule> {};

// What has to be let pass: nothing is said of it, and a call that is open goes on.
TEST_P(NoError, IsLetPass) {
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(request(1) + request(3, flag::kEndStream)));
  raw->end.streams[1]->reset(ErrorCode::kCancel);
  raw->sent();
  ASSERT_TRUE(raw->receive(GetParam().bytes)) << raw->end.session.error();
  EXPECT_TRUE(raw->sent().empty());
  ASSERT_TRUE(raw->receive(data(1, 5, flag::kEndStream)));
  EXPECT_EQ(raw->end.streams[0]->data, "ddddd");
  EXPECT_TRUE(raw->end.streams[0]->ended);
}

Bytes with_reserved_bit(Bytes bytes, std::size_t at) {
  bytes[at] |= 0x80;
  return bytes;
}
constexpr std::size_t kStreamAt = 5;

const std::vector<Rule> kLetPass{
    {"§4.1 a frame of a kind that nobody knows", ErrorCode::kNoError,
     frame(static_cast<FrameType>(0xee), 0xff, 0, Bytes(9)) + frame(static_cast<FrameType>(0xee), 0, 7)},
    {"§4.1 flags that nobody knows", ErrorCode::kNoError,
     frame(FrameType::kWindowUpdate, 0xff, 1, u32(1)) + frame(FrameType::kPriority, 0xff, 1, Bytes(5)) +
         frame(FrameType::kSettings, 0xff, 0)},
    {"§4.1 the reserved bit of a stream's number", ErrorCode::kNoError,
     with_reserved_bit(window_update(1, 1), kStreamAt) + with_reserved_bit(data(1, 0), kStreamAt)},
    {"§6.9 the reserved bit of an increment", ErrorCode::kNoError,
     with_reserved_bit(window_update(1, 1), kFrameHeaderBytes)},
    {"§5.1 PRIORITY on a stream that is idle, or gone", ErrorCode::kNoError,
     frame(FrameType::kPriority, 0, 9, Bytes(5)) + frame(FrameType::kPriority, 0, 3, Bytes(5))},
    {"§5.1 what was under way for a stream that was reset", ErrorCode::kNoError,
     window_update(3, 1) + window_update(3, 0) + data(3, 5) + reset(3)},
    {"§6.5.3 an acknowledgement that nobody waits for", ErrorCode::kNoError,
     frame(FrameType::kSettings, flag::kAck, 0)},
    {"§6.7 an answer to a PING that nobody sent", ErrorCode::kNoError,
     frame(FrameType::kPing, flag::kAck, 0, Bytes(8))},
    {"§7 codes that nobody knows", ErrorCode::kNoError,
     frame(FrameType::kResetStream, 0, 3, u32(0xabcdef)) + frame(FrameType::kGoAway, 0, 0, u32(0) + u32(0xabcdef))},
};

INSTANTIATE_TEST_SUITE_P(Rfc9113, NoError, ::testing::ValuesIn(kLetPass));

TEST(SessionRules, SettingsThatNobodyKnowsAreAcknowledgedWithTheOthers) {  // §6.5.2, §6.5.3
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(settings(setting(static_cast<SettingId>(0xee), 7) + setting(SettingId::kEnablePush, 0))));
  const std::vector<Sent> answer = raw->sent();
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].header.type, FrameType::kSettings);
  EXPECT_TRUE(answer[0].header.has(flag::kAck));
  EXPECT_TRUE(answer[0].payload.empty());
}

TEST(SessionRules, OfASettingThatComesTwiceTheLastCounts) {  // §6.5.3
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(
      settings(setting(SettingId::kInitialWindowSize, 5) + setting(SettingId::kInitialWindowSize, 10)) + request(1)));
  answer(*raw->end.streams[0]);
  raw->end.streams[0]->send_data(Buffer::allocate(100));
  EXPECT_EQ(data_bytes(raw->sent()), 10U);
}

TEST(SessionRules, ASmallerTableIsHeededAndSaid) {  // RFC 7541 §4.2
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kHeaderTableSize, 0)) + request(1) + request(3)));
  for (const auto& stream : raw->end.streams) {
    const std::array<HeaderField, 2> fields{HeaderField{":status", "200", true}, HeaderField{"a", "b", true}};
    stream->send_headers(fields);
  }
  std::vector<Bytes> blocks;
  for (const Sent& one : raw->sent()) {
    if (one.header.type == FrameType::kHeaders) blocks.push_back(one.payload);
  }
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].front(), 0x20) << "the table's new size comes first";
  EXPECT_EQ((Bytes{0x20} + blocks[1]), blocks[0]) << "nothing is in the table";
}

TEST(SessionRules, MoreThanAStreamsWindow) {  // §6.9.1
  const auto raw = Raw::greeted(Role::kServer, {.stream_window = 1 << 16});
  ASSERT_TRUE(raw->receive(request(1)));
  raw->end.streams[0]->consuming = false;
  ASSERT_TRUE(raw->receive(unread(1, 1 << 16)));
  EXPECT_EQ(raw->reset_of(1), ErrorCode::kNoError);
  ASSERT_TRUE(raw->receive(data(1, 1)));
  EXPECT_EQ(raw->end.streams[0]->data.size(), std::size_t{1} << 16);
  EXPECT_EQ(raw->reset_of(1), ErrorCode::kFlowControlError);
}

TEST(SessionRules, MoreStreamsThanAllowedAreRefused) {  // §5.1.2
  const auto raw = Raw::greeted(Role::kServer, {.max_concurrent_streams = 2});
  ASSERT_TRUE(raw->receive(request(1) + request(3) + request(5)));
  EXPECT_EQ(raw->reset_of(5), ErrorCode::kRefusedStream);
  EXPECT_EQ(raw->end.streams.size(), 2U);
}

TEST(SessionRules, WhatComesForAStreamThatIsGoneIsNotCountedAgainstThePeer) {
  // A cancelled stream's messages are under way for a round trip, however many they are.
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(request(1)));
  raw->end.streams[0]->reset(ErrorCode::kCancel);
  raw->sent();
  for (std::uint64_t i = 0; i < 2 * kOddityBurst; ++i) ASSERT_TRUE(raw->receive(data(1, 1)));
}

TEST(SessionRules, PaddingIsNotDataButCountsInTheWindow) {  // §6.1, §6.9.1
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(request(1)));
  const std::int64_t before = raw->end.session.local_window();
  ASSERT_TRUE(raw->receive(frame(FrameType::kData, flag::kPadded, 1, {2, 'a', 'b', 0, 0})));
  EXPECT_EQ(raw->end.streams[0]->data, "ab");
  EXPECT_EQ(before - raw->end.session.local_window(), 5);
}

TEST(SessionRules, PaddingAndPriorityOfHeaders) {  // §6.2
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(frame(FrameType::kHeaders, flag::kEndHeaders | flag::kPadded | flag::kPriority, 1,
                                 Bytes{1, 0, 0, 0, 0, 16} + kRequestBlock + Bytes{0})));
  ASSERT_EQ(raw->end.streams.size(), 1U);
  EXPECT_EQ(raw->end.streams[0]->header(":path"), "/");
}

TEST(SessionRules, AHeaderBlockInSeveralFrames) {  // §6.10
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(frame(FrameType::kHeaders, flag::kEndStream, 1, {0x83}) +
                           frame(FrameType::kContinuation, 0, 1, {0x86}) +
                           frame(FrameType::kContinuation, flag::kEndHeaders, 1, {0x84})));
  ASSERT_EQ(raw->end.streams.size(), 1U);
  EXPECT_EQ(raw->end.streams[0]->header(":path"), "/");
  EXPECT_TRUE(raw->end.streams[0]->ended);
}

TEST(SessionRules, APingComesBack) {  // §6.7
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(ping()));
  const std::vector<Sent> answer = raw->sent();
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].header.type, FrameType::kPing);
  EXPECT_TRUE(answer[0].header.has(flag::kAck));
  EXPECT_EQ(answer[0].payload, Bytes(8, 1));
}

TEST(SessionRules, SettingsChangeTheWindowsOfOpenStreams) {  // §6.9.2
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(request(1) + window_update(0, 1 << 20)));
  answer(*raw->end.streams[0]);
  raw->end.streams[0]->send_data(Buffer::allocate(100'000));
  EXPECT_EQ(data_bytes(raw->sent()), static_cast<std::size_t>(kInitialWindow));
  // Below nothing, and up again.
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kInitialWindowSize, 1000))));
  ASSERT_TRUE(raw->receive(window_update(1, kInitialWindow - 1000)));
  EXPECT_EQ(data_bytes(raw->sent()), 0U);
  ASSERT_TRUE(raw->receive(window_update(1, 10)));
  EXPECT_EQ(data_bytes(raw->sent()), 10U);
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kInitialWindowSize, 2000))));
  EXPECT_EQ(data_bytes(raw->sent()), 1000U);
}

TEST(SessionRules, TheConnectionsWindowIsShared) {  // §6.9
  const auto raw = Raw::greeted(Role::kServer);
  ASSERT_TRUE(raw->receive(request(1) + request(3)));
  for (const auto& stream : raw->end.streams) {
    answer(*stream);
    stream->send_data(Buffer::allocate(50'000));
  }
  EXPECT_EQ(data_bytes(raw->sent()), static_cast<std::size_t>(kInitialWindow));
  ASSERT_TRUE(raw->receive(window_update(0, 100'000)));
  EXPECT_EQ(data_bytes(raw->sent()), 100'000U - static_cast<std::size_t>(kInitialWindow));
}

TEST(SessionRules, ClientsMayNotBePushedTo) {  // §8.4
  const auto raw = Raw::greeted(Role::kClient);
  EXPECT_FALSE(raw->receive(frame(FrameType::kPushPromise, flag::kEndHeaders, 1, Bytes(4))));
  EXPECT_EQ(raw->goodbye(), ErrorCode::kProtocolError);
}

class ClientConnectionError : public ::testing::TestWithParam<Rule> {};

TEST_P(ClientConnectionError, EndsTheConnectionWithItsCode) {
  const auto raw = Raw::greeted(Role::kClient);
  NotedStream call;
  ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  EXPECT_FALSE(raw->receive(GetParam().bytes));
  EXPECT_EQ(raw->goodbye(), GetParam().code) << raw->end.session.error();
}

const std::vector<Rule> kClientConnectionErrors{
    {"§5.1 HEADERS on an idle stream", ErrorCode::kProtocolError, response(3)},
    {"§5.1 DATA on an idle stream", ErrorCode::kProtocolError, data(3, 1)},
    {"§5.1 HEADERS on a stream that only a server could open", ErrorCode::kProtocolError, response(2)},
    {"§5.1 DATA after the end", ErrorCode::kStreamClosed, response(1, flag::kEndStream) + data(1, 1)},
    {"§6.5.2 ENABLE_PUSH of a server", ErrorCode::kProtocolError, settings(setting(SettingId::kEnablePush, 1))},
    {"§6.9.1 the connection's window beyond its largest", ErrorCode::kFlowControlError, window_update(0, 0x7fffffff)},
};

INSTANTIATE_TEST_SUITE_P(Rfc9113, ClientConnectionError, ::testing::ValuesIn(kClientConnectionErrors));

class ClientStreamError : public ::testing::TestWithParam<Rule> {};

TEST_P(ClientStreamError, ResetsTheStreamWithItsCode) {
  const auto raw = Raw::greeted(Role::kClient);
  std::array<NotedStream, 2> calls;
  for (NotedStream& call : calls) ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  ASSERT_TRUE(raw->receive(GetParam().bytes));
  EXPECT_EQ(raw->reset_of(3), GetParam().code);
  EXPECT_EQ(calls[1].code, GetParam().code);
  EXPECT_TRUE(raw->receive(response(1) + data(1, 5, flag::kEndStream)));
  EXPECT_EQ(calls[0].data, "ddddd");
  EXPECT_TRUE(calls[0].ended);
}

/// :status 103, a literal with the fixed table's name.
const Bytes kEarlyHints{0x08, 0x03, '1', '0', '3'};

const std::vector<Rule> kClientStreamErrors{
    {"§8.1 DATA before HEADERS", ErrorCode::kProtocolError, data(3, 1)},
    {"§8.1 an interim response that ends the stream", ErrorCode::kProtocolError,
     response(3, flag::kEndStream, kEarlyHints)},
    {"§8.1 trailers that do not end the stream", ErrorCode::kProtocolError,
     response(3) + response(3, 0, {0x00, 0x01, 'a', 0x01, 'b'})},
    {"§8.1 a pseudo-header field in trailers", ErrorCode::kProtocolError, response(3) + response(3, flag::kEndStream)},
    {"§8.1.1 more than content-length", ErrorCode::kProtocolError,
     response(3, 0, Bytes{0x88} + kFiveBytes) + data(3, 6)},
    {"§8.1.1 less than content-length", ErrorCode::kProtocolError,
     response(3, 0, Bytes{0x88} + kFiveBytes) + data(3, 4, flag::kEndStream)},
    {"§8.3.2 a response without a status", ErrorCode::kProtocolError, response(3, 0, {0x00, 0x01, 'a', 0x01, 'b'})},
    {"§8.3.2 a request's field in a response", ErrorCode::kProtocolError, response(3, 0, {0x88, 0x84})},
    {"§6.9 WINDOW_UPDATE of nothing", ErrorCode::kProtocolError, window_update(3, 0)},
};

INSTANTIATE_TEST_SUITE_P(Rfc9113, ClientStreamError, ::testing::ValuesIn(kClientStreamErrors));

TEST(SessionRules, InterimResponsesComeBeforeTheResponse) {  // §8.1
  const auto raw = Raw::greeted(Role::kClient);
  NotedStream call;
  ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  ASSERT_TRUE(raw->receive(response(1, 0, kEarlyHints) + response(1, 0, kEarlyHints) + response(1)));
  EXPECT_EQ(call.header_blocks, 1);
  EXPECT_EQ(call.header(":status"), "200");
}

TEST(SessionRules, InterimResponsesWithoutEndEndTheConnection) {  // RFC 9110 §15.2
  const auto raw = Raw::greeted(Role::kClient);
  NotedStream call;
  ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  ASSERT_TRUE(raw->receive(repeated(static_cast<int>(kInterimResponses), response(1, 0, kEarlyHints))));
  EXPECT_FALSE(raw->receive(repeated(static_cast<int>(kInterimResponses) + 1, response(1, 0, kEarlyHints))));
  EXPECT_EQ(raw->goodbye(), ErrorCode::kEnhanceYourCalm);
}

/// Opens a stream with a request that is only a head.
void open_only_fields(Raw& raw, NotedStream& stream, bool head) {
  const std::array<HeaderField, 3> fields{HeaderField{":method", head ? "HEAD" : "GET", true},
                                          HeaderField{":scheme", "http", true}, HeaderField{":path", "/", true}};
  ASSERT_TRUE(raw.end.session.open(stream, fields, {.only_fields = true, .no_content_expected = head}));
}

TEST(SessionRules, ARequestOfFieldsAloneEndsWithThem) {  // §8.1
  const auto raw = Raw::greeted(Role::kClient);
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kMaxConcurrentStreams, 1))));
  raw->sent();
  std::array<NotedStream, 2> calls;
  for (NotedStream& call : calls) open_only_fields(*raw, call, false);
  for (std::uint32_t stream = 1; NotedStream & call : calls) {
    const std::vector<Sent> frames = raw->sent();
    ASSERT_EQ(frames.size(), 1U) << "the second waits for the first to end";
    EXPECT_EQ(frames[0].header.type, FrameType::kHeaders);
    EXPECT_TRUE(frames[0].header.has(flag::kEndStream));
    ASSERT_TRUE(raw->receive(response(stream, flag::kEndStream)));
    EXPECT_TRUE(call.closed);
    EXPECT_EQ(call.code, ErrorCode::kNoError);
    stream += 2;
  }
}

TEST(SessionRules, AResponseWithoutContentMayHaveALength) {  // §8.1.1
  const Bytes not_modified = Bytes{0x8b} + kFiveBytes;
  const Bytes found = Bytes{0x88} + kFiveBytes;
  struct Case {
    bool head;
    Bytes block;
    ErrorCode code;
  };
  for (const Case& tried : {Case{true, found, ErrorCode::kNoError}, Case{false, not_modified, ErrorCode::kNoError},
                            Case{false, found, ErrorCode::kProtocolError}}) {
    const auto raw = Raw::greeted(Role::kClient);
    NotedStream call;
    open_only_fields(*raw, call, tried.head);
    raw->sent();
    ASSERT_TRUE(raw->receive(response(1, flag::kEndStream, tried.block)));
    raw->sent();
    EXPECT_TRUE(call.closed);
    EXPECT_EQ(call.code, tried.code);
  }
}

TEST(SessionRules, GoAwayGivesBackWhatItDidNotSee) {  // §6.8
  const auto raw = Raw::greeted(Role::kClient);
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kMaxConcurrentStreams, 2))));
  std::array<NotedStream, 3> calls;
  for (NotedStream& call : calls) ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  ASSERT_TRUE(raw->receive(frame(FrameType::kGoAway, 0, 0, u32(1) + u32(0))));
  EXPECT_FALSE(calls[0].closed);
  EXPECT_EQ(calls[1].code, ErrorCode::kRefusedStream);
  EXPECT_EQ(calls[2].code, ErrorCode::kRefusedStream) << "it still waited";
  EXPECT_TRUE(raw->end.gone_away);
}

// A server must not name a later stream than before. One that does has given the streams between up all the same.
TEST(SessionRules, ALaterGoAwayThatNamesMoreStreamsChangesNothing) {  // §6.8
  const auto raw = Raw::greeted(Role::kClient);
  std::array<NotedStream, 2> calls;
  for (NotedStream& call : calls) ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  ASSERT_TRUE(raw->receive(frame(FrameType::kGoAway, 0, 0, u32(0x7fffffff) + u32(0))));
  EXPECT_FALSE(calls[1].closed);
  ASSERT_TRUE(raw->receive(frame(FrameType::kGoAway, 0, 0, u32(1) + u32(0))));
  EXPECT_EQ(calls[1].code, ErrorCode::kRefusedStream);
  ASSERT_TRUE(raw->receive(frame(FrameType::kGoAway, 0, 0, u32(101) + u32(0)) + response(3) + response(1)));
  EXPECT_EQ(calls[0].header_blocks, 1);
  EXPECT_EQ(calls[1].header_blocks, 0);
}

// A connection has numbers for 2^30 streams: an hour of a busy client.
TEST(SessionRules, WhenTheNumbersAreUsedUpCallsGoElsewhere) {  // §5.1.1
  const auto raw = Raw::greeted(Role::kClient, {.last_stream_id = 5});
  ASSERT_TRUE(raw->receive(settings(setting(SettingId::kMaxConcurrentStreams, 2))));
  std::array<NotedStream, 5> calls;
  for (NotedStream& call : std::span{calls}.first(4)) ASSERT_TRUE(opened(*raw, call));
  raw->sent();
  ASSERT_TRUE(raw->receive(reset(1) + reset(3)));
  raw->sent();
  EXPECT_EQ(calls[2].id(), 5);
  EXPECT_FALSE(calls[2].closed);
  EXPECT_TRUE(calls[3].closed) << "there is no number for it";
  EXPECT_EQ(calls[3].code, ErrorCode::kRefusedStream);
  EXPECT_FALSE(opened(*raw, calls[4]));
}

/// Frames that may be anything, in an order that may be any, and streams that answer as they like; reproducible.
class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }

  Bytes frame_of_any_kind() {
    const auto stream = static_cast<std::uint32_t>(below(12));
    switch (below(10)) {
      case 0:
        return request(stream, static_cast<std::uint8_t>(below(2)), below(3) == 0 ? random_bytes(20) : Bytes{});
      case 1:
        return data(stream, below(3000), static_cast<std::uint8_t>(below(2)));
      case 2:
        return window_update(stream, static_cast<std::uint32_t>(below(5) == 0 ? 0 : below(100'000)));
      case 3:
        return reset(stream);
      case 4:
        return settings(setting(static_cast<SettingId>(below(8)), static_cast<std::uint32_t>(below(100'000))));
      case 5:
        return frame(FrameType::kHeaders, static_cast<std::uint8_t>(below(64)), stream, random_bytes(40));
      case 6:
        return frame(FrameType::kContinuation, static_cast<std::uint8_t>(below(8)), stream, random_bytes(40));
      case 7:
        return frame(FrameType::kGoAway, 0, 0, u32(static_cast<std::uint32_t>(below(10))) + u32(0));
      case 8:
        return frame(FrameType::kData, static_cast<std::uint8_t>(below(16)), stream, random_bytes(40));
      default:
        return frame(static_cast<FrameType>(below(12)), static_cast<std::uint8_t>(below(256)), stream,
                     random_bytes(20));
    }
  }

  void act_on(NotedStream& stream) {
    switch (below(7)) {
      case 0:
        return answer(stream);
      case 1:
        return stream.send_data(Buffer::allocate(below(100'000)));
      case 2:
        return stream.send_end();
      case 3:
        return stream.reset(ErrorCode::kCancel);
      case 4:
        return stream.consume(below(10'000));
      default:
        return;
    }
  }

 private:
  Bytes random_bytes(std::size_t bound) {
    Bytes bytes(below(bound));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(below(256));
    return bytes;
  }
  std::mt19937 random_;
};

// The sanitizers look on.
TEST(SessionRules, WhateverComesDoesNoHarm) {
  std::size_t ended = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Chaos chaos{seed};
    const Role role = seed % 2 == 0 ? Role::kServer : Role::kClient;
    const auto raw = Raw::greeted(role);
    std::vector<std::unique_ptr<NotedStream>> calls;
    for (int step = 0; step < 60; ++step) {
      if (role == Role::kClient && chaos.below(4) == 0) {
        calls.push_back(std::make_unique<NotedStream>());
        opened(*raw, *calls.back());
      }
      auto& streams = role == Role::kClient ? calls : raw->end.streams;
      if (!streams.empty()) chaos.act_on(*streams[chaos.below(streams.size())]);
      if (role == Role::kClient && !calls.empty() && chaos.below(10) == 0) calls.pop_back();
      if (!raw->receive(chaos.frame_of_any_kind())) {
        ++ended;
        break;
      }
      if (chaos.below(3) == 0) raw->sent();
    }
    raw->sent();
    raw->end.session.close_streams(ErrorCode::kInternalError);
    EXPECT_EQ(raw->end.session.open_streams(), 0U) << "seed " << seed;
  }
  EXPECT_GT(ended, 0U);
}

TEST(SessionRules, ALongRequestIsCutIntoFrames) {  // §4.3
  const auto raw = Raw::greeted(Role::kClient);
  NotedStream call;
  const std::string value(40'000, '\x01');
  const std::array<HeaderField, 2> fields{HeaderField{":method", "POST", true}, HeaderField{"x", value, false}};
  ASSERT_TRUE(raw->end.session.open(call, fields));
  const std::vector<Sent> frames = raw->sent();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].header.type, FrameType::kHeaders);
  EXPECT_EQ(frames[1].header.type, FrameType::kContinuation);
  EXPECT_FALSE(frames[1].header.has(flag::kEndHeaders));
  EXPECT_TRUE(frames[2].header.has(flag::kEndHeaders));
}

}  // namespace
}  // namespace tern::http2::test
