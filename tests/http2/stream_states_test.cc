// The answer of a session to each kind of frame in each state of a stream (RFC 9113 §5.1 and §5.1.1), as a table.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "http2/raw_session.h"

namespace tern::http2::test {
namespace {

/// The stream that the frame is for.
constexpr std::uint32_t kStream = 5;

enum class Outcome : std::uint8_t { kAccepted, kStreamError, kProtocolError, kStreamClosed };

std::ostream& operator<<(std::ostream& to, Outcome outcome) {
  constexpr std::array<const char*, 4> kNames{"accepted", "a stream error", "a connection error PROTOCOL_ERROR",
                                              "a connection error STREAM_CLOSED"};
  return to << kNames.at(static_cast<std::size_t>(outcome));
}

struct Frame {
  const char* name;
  Bytes bytes;
};
/// In the order of a row's outcomes.
const std::array<Frame, 6> kFrames{{{"HEADERS", request(kStream, flag::kEndStream)},
                                    {"DATA", data(kStream, 3)},
                                    {"PRIORITY", frame(FrameType::kPriority, 0, kStream, Bytes(5))},
                                    {"RST_STREAM", reset(kStream)},
                                    {"WINDOW_UPDATE", window_update(kStream, 1)},
                                    {"CONTINUATION", frame(FrameType::kContinuation, flag::kEndHeaders, kStream)}}};

using enum Outcome;

struct State {
  const char* name;
  void (*enter)(Raw& raw);
  std::array<Outcome, kFrames.size()> outcomes;
};

void PrintTo(const State& state, std::ostream* to) { *to << state.name; }

Outcome outcome_of(Raw& raw, const Bytes& bytes) {
  if (!raw.receive(bytes)) {
    return raw.end.session.error_code() == ErrorCode::kStreamClosed ? kStreamClosed : kProtocolError;
  }
  return raw.reset_of(kStream) == ErrorCode::kNoError ? kAccepted : kStreamError;
}

void end_both_ways(Raw& raw) {
  raw.receive(request(kStream, flag::kEndStream));
  answer(*raw.end.streams.back());
  raw.end.streams.back()->send_end();
  raw.sent();
}

const std::vector<State> kServerStates{
    {"idle", [](Raw&) {}, {kAccepted, kProtocolError, kAccepted, kProtocolError, kProtocolError, kProtocolError}},
    {"never used, and a higher one was",
     [](Raw& raw) { raw.receive(request(kStream + 2)); },
     {kProtocolError, kProtocolError, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"the middle of several never used",
     [](Raw& raw) { raw.receive(request(1) + request(kStream + 8)); },
     {kProtocolError, kProtocolError, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"open",  // HEADERS of a request are refused as trailers
     [](Raw& raw) { raw.receive(request(kStream)); },
     {kStreamError, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"half-closed (remote)",
     [](Raw& raw) { raw.receive(request(kStream, flag::kEndStream)); },
     {kStreamClosed, kStreamClosed, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"closed by both sides",
     end_both_ways,
     {kStreamClosed, kStreamClosed, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"closed by both sides, and a higher one was skipped to",
     [](Raw& raw) {
       end_both_ways(raw);
       raw.receive(request(kStream + 6));
     },
     {kStreamClosed, kStreamClosed, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"reset by the peer",
     [](Raw& raw) { raw.receive(request(kStream) + reset(kStream)); },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"reset by this side",  // what comes was under way
     [](Raw& raw) {
       raw.receive(request(kStream));
       raw.end.streams.back()->reset(ErrorCode::kCancel);
       raw.sent();
     },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"answered before the request's end",
     [](Raw& raw) {
       raw.receive(request(kStream));
       answer(*raw.end.streams.back());
       raw.end.streams.back()->send_end();
       raw.sent();
     },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
};

class ServerStreamState : public ::testing::TestWithParam<State> {};

TEST_P(ServerStreamState, TakesEachFrameAsTheStandardSays) {
  for (std::size_t i = 0; i < kFrames.size(); ++i) {
    const auto raw = Raw::greeted(Role::kServer);
    GetParam().enter(*raw);
    raw->sent();
    EXPECT_EQ(outcome_of(*raw, kFrames.at(i).bytes), GetParam().outcomes.at(i)) << kFrames.at(i).name;
  }
}

INSTANTIATE_TEST_SUITE_P(Rfc9113, ServerStreamState, ::testing::ValuesIn(kServerStates));

struct ClientState {
  const char* name;
  void (*enter)(Raw& raw, NotedStream& call);
  std::array<Outcome, kFrames.size()> outcomes;
};

void PrintTo(const ClientState& state, std::ostream* to) { *to << state.name; }

const std::vector<ClientState> kClientStates{
    {"open",
     [](Raw& raw, NotedStream&) { raw.receive(response(kStream)); },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"half-closed (remote)",
     [](Raw& raw, NotedStream&) { raw.receive(response(kStream, flag::kEndStream)); },
     {kStreamClosed, kStreamClosed, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"closed by both sides",
     [](Raw& raw, NotedStream& call) {
       call.send_end();
       raw.sent();
       raw.receive(response(kStream, flag::kEndStream));
     },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"reset by the peer",
     [](Raw& raw, NotedStream&) { raw.receive(reset(kStream)); },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
    {"reset by this side",
     [](Raw& raw, NotedStream& call) {
       call.reset(ErrorCode::kCancel);
       raw.sent();
     },
     {kAccepted, kAccepted, kAccepted, kAccepted, kAccepted, kProtocolError}},
};

class ClientStreamState : public ::testing::TestWithParam<ClientState> {};

TEST_P(ClientStreamState, TakesEachFrameAsTheStandardSays) {
  for (std::size_t i = 0; i < kFrames.size(); ++i) {
    const auto raw = Raw::greeted(Role::kClient);
    std::array<NotedStream, 3> calls;
    for (NotedStream& call : calls) ASSERT_TRUE(opened(*raw, call));
    raw->sent();
    ASSERT_EQ(calls[2].id(), static_cast<std::int32_t>(kStream));
    GetParam().enter(*raw, calls[2]);
    raw->sent();
    // Trailers where a server has HEADERS to send: a literal field.
    const Bytes bytes =
        i == 0 ? response(kStream, flag::kEndStream, {0x00, 0x01, 'a', 0x01, 'b'}) : kFrames.at(i).bytes;
    EXPECT_EQ(outcome_of(*raw, bytes), GetParam().outcomes.at(i)) << kFrames.at(i).name;
  }
}

INSTANTIATE_TEST_SUITE_P(Rfc9113, ClientStreamState, ::testing::ValuesIn(kClientStates));

// The history is short, and frames for forgotten streams are ignored.
TEST(StreamStates, ForgetOldGapsAndEndsAndStayAlive) {
  const auto raw = Raw::greeted(Role::kServer);
  std::uint32_t id = 1;
  for (; id < 400; id += 4) ASSERT_TRUE(raw->receive(request(id) + reset(id)));
  EXPECT_TRUE(raw->receive(request(1))) << "an end that was forgotten";
  EXPECT_TRUE(raw->receive(request(3))) << "a gap that was forgotten";
  EXPECT_FALSE(raw->receive(request(id - 6)));
  EXPECT_EQ(raw->goodbye(), ErrorCode::kProtocolError);
}

}  // namespace
}  // namespace tern::http2::test
