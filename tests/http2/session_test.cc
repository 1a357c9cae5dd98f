#include "http2/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "http2/session_fixture.h"

namespace tern::http2::test {
namespace {

TEST_F(SessionTest, CarriesACallWhateverTheBytesAreCutInto) {
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1UL << 20}) {
    NotedStream call;
    open(call);
    call.send_data(Buffer::copy_of("request"));
    call.send_end();
    exchange(piece);
    NotedStream& served = *server.streams.back();
    EXPECT_EQ(served.header(":path"), "/a.B/C");
    EXPECT_EQ(served.data, "request");
    EXPECT_TRUE(served.ended);
    answer(served);
    served.send_data(Buffer::copy_of("resp"));
    served.send_data(Buffer::copy_of("onse"));
    served.send_end();
    exchange(piece);
    EXPECT_EQ(call.data, "response");
    EXPECT_EQ(call.header_blocks, 2);
    EXPECT_EQ(call.header("grpc-status"), "0");
    EXPECT_TRUE(call.closed);
    EXPECT_EQ(call.code, ErrorCode::kNoError);
    EXPECT_TRUE(served.closed);
  }
  EXPECT_EQ(server.session.open_streams(), 0U);
}

TEST_F(SessionTest, AnAnswerOfHeadersOnlyEndsTheStream) {
  NotedStream call;
  open(call);
  call.send_end();
  exchange();
  const HeaderField status{":status", "415", true};
  server.streams.back()->send_only_headers({&status, 1});
  exchange();
  EXPECT_EQ(call.header(":status"), "415");
  EXPECT_EQ(call.header_blocks, 1);
  EXPECT_TRUE(call.ended);
  EXPECT_TRUE(call.closed);
}

TEST_F(SessionTest, AnEarlyAnswerStopsTheClient) {
  NotedStream call;
  open(call);
  exchange();
  answer(*server.streams.back());
  server.streams.back()->send_end();
  exchange();
  EXPECT_TRUE(call.closed) << "the server resets with NO_ERROR what it does not want to read";
  EXPECT_TRUE(server.streams.back()->closed);
}

TEST_F(SessionTest, AReaderThatDoesNotConsumeStopsTheSender) {
  NotedStream call;
  call.consuming = false;
  open(call);
  call.send_end();
  exchange();
  NotedStream& served = *server.streams.back();
  answer(served);
  const std::size_t window = Settings{}.stream_window;
  served.send_data(Buffer::allocate(window + 100'000));
  exchange();
  EXPECT_EQ(call.data.size(), window);
  EXPECT_EQ(served.unsent(), 100'000U);
  call.consume(window);
  exchange();
  EXPECT_EQ(served.unsent(), 0U);
  EXPECT_EQ(call.data.size(), window + 100'000);
}

TEST_F(SessionTest, OneSlowStreamDoesNotStopAnother) {
  NotedStream slow;
  slow.consuming = false;
  NotedStream quick;
  for (NotedStream* call : {&slow, &quick}) {
    open(*call);
    call->send_end();
  }
  exchange();
  for (const auto& served : server.streams) {
    answer(*served);
    served->send_data(Buffer::allocate(std::size_t{8} << 20));
    served->send_end();
  }
  exchange();
  EXPECT_EQ(slow.data.size(), Settings{}.stream_window);
  EXPECT_EQ(quick.data.size(), std::size_t{8} << 20);
  EXPECT_TRUE(quick.closed);
}

TEST_F(SessionTest, AResetClosesBothEnds) {
  NotedStream call;
  open(call);
  exchange();
  call.reset(ErrorCode::kCancel);
  exchange();
  EXPECT_TRUE(call.closed);
  EXPECT_TRUE(server.streams.back()->closed);
  EXPECT_EQ(server.streams.back()->code, ErrorCode::kCancel);
}

TEST_F(SessionTest, AStreamThatIsDestroyedIsReset) {
  {
    NotedStream call;
    open(call);
    exchange();
  }
  exchange();
  EXPECT_EQ(server.streams.back()->code, ErrorCode::kCancel);
}

TEST_F(SessionTest, AStreamThatIsDestroyedWithDataQueuedIsReset) {
  {
    NotedStream call;
    open(call);
    call.send_data(Buffer::allocate(std::size_t{1} << 20));
    OutputBatch batch;
    client.session.fill(batch);
  }
  exchange();
  EXPECT_EQ(client.session.open_streams(), 0U);
}

TEST_F(SessionTest, ARefusedStream) {
  server.refuse = true;
  NotedStream call;
  open(call);
  exchange();
  EXPECT_TRUE(call.closed);
  EXPECT_EQ(call.code, ErrorCode::kRefusedStream);
}

TEST_F(SessionTest, TooManyHeaderBytesAreRefusedWhileDecoding) {
  NotedStream call;
  const std::string value(20'000, 'v');
  const std::array<HeaderField, 5> request{HeaderField{":method", "POST", true}, HeaderField{":scheme", "http", true},
                                           HeaderField{":path", "/a.B/C", true},
                                           HeaderField{":authority", "host", true}, HeaderField{"large", value, false}};
  ASSERT_TRUE(client.session.open(call, request));
  exchange();
  EXPECT_TRUE(call.closed);
  EXPECT_NE(call.code, ErrorCode::kNoError);
  EXPECT_EQ(server.session.open_streams(), 0U);
}

TEST_F(SessionTest, AfterGoAwayNoStreamIsOpened) {
  NotedStream call;
  open(call);
  exchange();
  server.session.announce_shutdown();
  exchange();
  EXPECT_TRUE(client.gone_away);
  NotedStream late;
  const HeaderField method{":method", "POST", true};
  EXPECT_FALSE(client.session.open(late, {&method, 1}));
  server.session.go_away();
  answer(*server.streams.back());
  server.streams.back()->send_end();
  call.send_end();
  exchange();
  EXPECT_TRUE(call.closed);
  EXPECT_EQ(call.code, ErrorCode::kNoError);
  EXPECT_TRUE(server.session.finished());
}

TEST_F(SessionTest, CloseStreamsTellsEachOnce) {
  NotedStream first;
  NotedStream second;
  open(first);
  open(second);
  client.session.close_streams(ErrorCode::kInternalError);
  EXPECT_TRUE(first.closed && second.closed);
  EXPECT_FALSE(first.open());
}

TEST_F(SessionTest, AnnouncesOutputOnceUntilItIsTaken) {
  NotedStream call;
  open(call);
  const int before = client.outputs;
  call.send_data(Buffer::copy_of("a"));
  call.send_data(Buffer::copy_of("b"));
  EXPECT_EQ(client.outputs, before);
  exchange();
  call.send_data(Buffer::copy_of("c"));
  EXPECT_EQ(client.outputs, before + 1);
}

TEST(SessionAlone, WhatIsNoHttp2IsSaidToBe) {
  End server{Role::kServer, {}};
  const std::string_view text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_FALSE(server.session.receive({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  EXPECT_EQ(server.session.error(), "the peer does not speak HTTP/2");
  EXPECT_FALSE(server.session.receive({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

class AsideField : public SessionTest {
 protected:
  AsideField() : SessionTest({.aside_field = "timeout"}) {}
  void open_with(NotedStream& stream, std::string_view timeout, std::string_view path = "/a.B/C") {
    const std::array<HeaderField, 4> request{HeaderField{":method", "POST", true}, HeaderField{":scheme", "http", true},
                                             HeaderField{":path", path, false}, HeaderField{"timeout", timeout, false}};
    ASSERT_TRUE(client.session.open(stream, request));
  }
};

TEST_F(AsideField, IsNotPartOfTheBlockThatCallsShare) {
  std::array<NotedStream, 3> calls;
  open_with(calls[0], "1S");
  open_with(calls[1], "2S");
  open_with(calls[2], "3S", "/a.B/D");
  exchange();
  EXPECT_EQ(server.streams[0]->aside, "1S");
  EXPECT_EQ(server.streams[1]->aside, "2S");
  EXPECT_EQ(server.streams[2]->aside, "3S");
  EXPECT_EQ(server.streams[0]->blocks[0], server.streams[1]->blocks[0]);
  EXPECT_NE(server.streams[0]->blocks[0], server.streams[2]->blocks[0]);
  EXPECT_EQ(server.streams[0]->header("timeout"), "");
  EXPECT_EQ(server.streams[2]->header(":path"), "/a.B/D");
}

class FewStreams : public SessionTest {
 protected:
  FewStreams() : SessionTest({.max_concurrent_streams = 2}) {}
};

TEST_F(FewStreams, MoreThanThePeerAllowsWaitTheirTurn) {
  std::array<NotedStream, 5> calls;
  for (NotedStream& call : calls) {
    open(call);
    call.send_end();
  }
  exchange();
  EXPECT_EQ(server.streams.size(), 2U);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    answer(*server.streams[i]);
    server.streams[i]->send_end();
    exchange();
  }
  for (const NotedStream& call : calls) EXPECT_TRUE(call.closed && call.code == ErrorCode::kNoError);
}

TEST(OutputBatch, KeepsOrderOfCopiedAndReferred) {
  OutputBatch batch;
  const Buffer large = Buffer::copy_of(std::string(5000, 'L'));
  batch.copy(Buffer::copy_of("ab").bytes());
  batch.copy(Buffer::copy_of("cd").bytes());
  batch.refer(large.bytes(), large);
  batch.copy(Buffer::copy_of("ef").bytes());
  EXPECT_EQ(batch.pieces().size(), 3U);
  std::string all;
  while (!batch.empty()) {
    const iovec& first = batch.pieces().front();
    const std::size_t part = std::min<std::size_t>(first.iov_len, 3);
    all.append(static_cast<const char*>(first.iov_base), part);
    batch.written(part);
  }
  EXPECT_EQ(all, "abcd" + std::string(5000, 'L') + "ef");
}

TEST(BufferQueue, CountsItsBytes) {
  BufferQueue queue;
  queue.push(Buffer::copy_of("abc"));
  queue.push(Buffer::copy_of(""));
  queue.push(Buffer::copy_of("de"));
  EXPECT_EQ(queue.bytes(), 5U);
  const Buffer shared = queue.front();
  EXPECT_EQ(queue.pop().text(), "abc");
  EXPECT_EQ(shared.text(), "abc");
  EXPECT_EQ(queue.pop().size(), 0U);
  EXPECT_EQ(queue.pop().text(), "de");
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace tern::http2::test
