// How many messages a call has, and how it ends when the other side sends another number, or ends it early.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/frame_socket.h"
#include "support/serve.h"
#include "tern/client/generic_stub.h"
#include "tern/client/interceptor.h"
#include "tern/client/observer.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using namespace http2::test;  // frames by hand
using http2::FrameType;
using http2::flag::kEndStream;

/// Passes everything on: with one, a call is run by a job of its own.
class PassingOn final : public ClientInterceptor {};

class LastCode final : public ClientObserver {
 public:
  void on_call_begun(ClientContext& /*context*/) override {}
  void on_call_ended(const EndedClientCall& call) override { code = call.status.code(); }
  StatusCode code = StatusCode::kOk;
};

const FieldList kInitial{{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}};
const FieldList kOk{{"grpc-status", "0"}};
const FieldList kAborted{{"grpc-status", "10"}, {"grpc-message", "by script"}};

Bytes reset_call(http2::ErrorCode code) {
  return frame(FrameType::kResetStream, 0, 1, u32(static_cast<std::uint32_t>(code)));
}

using Script = std::function<Task<void>(FrameSocket&)>;
/// Makes a call on this channel and returns how it ended.
using MakeCall = std::function<Task<Status>(Channel&)>;

Task<Status> call_unary(Channel& channel) {
  const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}, {.timeout = 10s}).result();
  co_return result.status();
}
Task<Status> call_upload(Channel& channel) {
  auto upload = ProbeStub{channel}.Upload({.timeout = 10s});
  const Result<Payload> result = co_await upload.result();
  co_return result.status();
}
Task<Status> call_download(Channel& channel) {
  auto download = ProbeStub{channel}.Download(Order{}, {.timeout = 10s});
  while (co_await download.read()) {
  }
  co_return co_await download.status();
}

Task<void> play(ScriptedServer& server, Script script) {
  FrameSocket client = co_await server.accept();
  co_await script(client);
  // Until the client closes.
  try {
    for (;;) co_await client.read();
  } catch (const boost::system::system_error&) {
  }
}

/// How the call ends, for the caller and for an observer, against a server that plays `script`.
Task<void> run_against(Script script, MakeCall make_call, bool intercepted, StatusCode expected) {
  ScriptedServer server;
  TaskGroup group;
  group.spawn(play(server, std::move(script)));
  Channel channel{"127.0.0.1:" + std::to_string(server.port())};
  PassingOn passing_on;
  if (intercepted) channel.add_interceptor(passing_on);
  LastCode seen;
  channel.add_observer(seen);
  const Status status = co_await make_call(channel);
  EXPECT_EQ(status.code(), expected) << status.to_string();
  EXPECT_EQ(seen.code, expected);
  co_await channel.close();
  co_await group.join();
}

struct Answer {
  const char* name;
  /// Sent when the request has come as a whole; then, when the client has read that, `late`.
  std::vector<Bytes> content;
  std::vector<Bytes> late;
  FieldList trailers;
  bool only_trailers;
  StatusCode of_one;   // of a call with one response
  StatusCode of_many;  // of a call with a stream of them
};

void PrintTo(const Answer& answer, std::ostream* to) { *to << answer.name; }

Script script_of(const Answer& answer) {
  return [&answer](FrameSocket& client) -> Task<void> {
    co_await client.read_until(FrameType::kHeaders);
    if (answer.only_trailers) {
      FieldList all = kInitial;
      all.insert(all.end(), answer.trailers.begin(), answer.trailers.end());
      co_await client.write(client.headers(1, all, kEndStream));
      co_return;
    }
    Bytes bytes = client.headers(1, kInitial);
    for (const Bytes& message : answer.content) bytes = bytes + data_frame(1, message);
    co_await client.write(bytes);
    co_await client.settle();
    Bytes rest;
    for (const Bytes& message : answer.late) rest = rest + data_frame(1, message);
    co_await client.write(rest + client.headers(1, answer.trailers, kEndStream));
  };
}

const Bytes kMessage = message_bytes();
const Bytes kEmptyCompressed = message_bytes({}, true);

const std::vector<Answer> kAnswers{
    {"one message", {kMessage}, {}, kOk, false, StatusCode::kOk, StatusCode::kOk},
    {"an empty message that is marked as compressed",
     {kEmptyCompressed},
     {},
     kOk,
     false,
     StatusCode::kOk,
     StatusCode::kOk},
    {"no message", {}, {}, kOk, false, StatusCode::kUnimplemented, StatusCode::kOk},
    {"no message, and only trailers", {}, {}, kOk, true, StatusCode::kUnimplemented, StatusCode::kOk},
    {"no message, and an error", {}, {}, kAborted, false, StatusCode::kAborted, StatusCode::kAborted},
    {"no message, and an error in the only trailers",
     {},
     {},
     kAborted,
     true,
     StatusCode::kAborted,
     StatusCode::kAborted},
    {"one message, and an error", {kMessage}, {}, kAborted, false, StatusCode::kAborted, StatusCode::kAborted},
    {"two messages", {kMessage, kMessage}, {}, kOk, false, StatusCode::kUnimplemented, StatusCode::kOk},
    {"two messages in one frame", {kMessage + kMessage}, {}, kOk, false, StatusCode::kUnimplemented, StatusCode::kOk},
    {"a second message, after the first was read",
     {kMessage},
     {kMessage},
     kOk,
     false,
     StatusCode::kUnimplemented,
     StatusCode::kOk},
    {"half a second message",
     {kMessage},
     {Bytes{0, 0, 0, 0}},
     kOk,
     false,
     StatusCode::kInternal,
     StatusCode::kInternal},
};

class Responses : public ::testing::TestWithParam<Answer> {};

TEST_P(Responses, AreCountedByTheClient) {
  for (const bool intercepted : {false, true}) {
    block_on(run_against(script_of(GetParam()), call_unary, intercepted, GetParam().of_one));
    block_on(run_against(script_of(GetParam()), call_upload, intercepted, GetParam().of_one));
    block_on(run_against(script_of(GetParam()), call_download, intercepted, GetParam().of_many));
  }
}

INSTANTIATE_TEST_SUITE_P(Cardinality, Responses, ::testing::ValuesIn(kAnswers));

/// How a call of this method ends for a client that sends so many messages.
Task<Status> send(Channel& channel, std::string_view method, int count) {
  auto call = GenericStub{channel}.stream(method, {.timeout = 10s});
  for (int i = 0; i < count; ++i) co_await call.write(RawMessage{});
  co_await call.done_writing();
  while (co_await call.read()) {
  }
  co_return co_await call.status();
}

Task<void> count_requests(Channel& channel, Server& /*server*/) {
  for (const char* method : {"/tern.test.v1.Probe/Unary", "/tern.test.v1.Probe/Download"}) {
    for (const int count : {0, 1, 2, 3}) {
      const Status status = co_await send(channel, method, count);
      const StatusCode expected = count == 1 ? StatusCode::kOk : StatusCode::kUnimplemented;
      EXPECT_EQ(status.code(), expected) << method << " with " << count << " messages: " << status.to_string();
    }
  }
  for (const int count : {0, 1, 2}) {
    const Status status = co_await send(channel, "/tern.test.v1.Probe/Upload", count);
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
}

TEST(Requests, AreCountedByTheServer) {
  ProbeService service;
  with_server(service, count_requests);
  SyncProbeService blocking;
  with_server(blocking, count_requests);
}

TEST(Requests, ThatAreEmptyAndMarkedAsCompressedAreEmpty) {
  ProbeService service;
  const auto run = [](ProbeService& its_service) -> Task<void> {
    Server server;
    server.add_service(its_service);
    FrameSocket client = co_await connect_frames(server.listen("127.0.0.1:0"));
    const FieldList fields{{":method", "POST"},
                           {":scheme", "http"},
                           {":path", "/tern.test.v1.Probe/Unary"},
                           {":authority", "test"},
                           {"content-type", "application/grpc"},
                           {"grpc-encoding", "gzip"},
                           {"te", "trailers"}};
    const Bytes head = client.headers(1, fields);
    co_await client.write(head + data_frame(1, kEmptyCompressed, kEndStream));
    FieldList last;
    for (bool ended = false; !ended;) {
      const ReceivedFrame block = co_await client.read_until(FrameType::kHeaders);
      last = client.fields_of(block);
      ended = block.header.has(kEndStream);
    }
    EXPECT_EQ(value_of(last, "grpc-status"), "0");
    co_await server.stop();
  };
  block_on(run(service));
}

struct EarlyEnd {
  const char* name;
  FieldList trailers;
  bool reset;  // by the server, with NO_ERROR
  StatusCode code;
};

/// Answers a call whose request goes on, and expects that nothing more of it comes.
Script end_early(const EarlyEnd& end) {
  return [&end](FrameSocket& client) -> Task<void> {
    co_await client.read_until(FrameType::kData);
    Bytes bytes = client.headers(1, kInitial);
    bytes = bytes + data_frame(1, kMessage) + client.headers(1, end.trailers, kEndStream);
    if (end.reset) bytes = bytes + reset_call(http2::ErrorCode::kNoError);
    co_await client.write(bytes);
    const ReceivedFrame reset = co_await client.read_until(FrameType::kResetStream);
    EXPECT_EQ(reset.header.stream, 1U) << end.name;
    const ReceivedFrame next = co_await client.read();  // the channel's goodbye
    EXPECT_EQ(next.header.type, FrameType::kGoAway) << end.name << ": the request went on after the reset";
  };
}

Task<Status> write_until_the_end(Channel& channel) {
  auto call = ProbeStub{channel}.Echo({.timeout = 10s});
  Payload payload;
  payload.set_data(std::string(1000, 'x'));
  while (co_await call.write(payload)) {
  }
  // What came before the end can still be read.
  const std::optional<Payload> response = co_await call.read();
  EXPECT_TRUE(response.has_value());
  co_return co_await call.status();
}
Task<Status> upload_until_the_end(Channel& channel) {
  auto call = ProbeStub{channel}.Upload({.timeout = 10s});
  Payload payload;
  payload.set_data(std::string(1000, 'x'));
  while (co_await call.write(payload)) {
  }
  const Result<Payload> result = co_await call.result();
  co_return result.status();
}

TEST(EarlyEnd, GivesTheCallItsTrailersAndStopsTheRequest) {  // RFC 9113 §8.1
  const std::vector<EarlyEnd> ends{{"OK", kOk, false, StatusCode::kOk},
                                   {"OK, and a reset", kOk, true, StatusCode::kOk},
                                   {"an error", kAborted, false, StatusCode::kAborted},
                                   {"an error, and a reset", kAborted, true, StatusCode::kAborted}};
  for (const EarlyEnd& end : ends) {
    for (const bool intercepted : {false, true}) {
      block_on(run_against(end_early(end), write_until_the_end, intercepted, end.code));
      block_on(run_against(end_early(end), upload_until_the_end, intercepted, end.code));
    }
  }
}

/// Resets the call with CANCEL, and keeps this loop busy until `deadline`: the client reads the reset after it.
Script reset_and_block_until(Clock::time_point deadline) {
  return [deadline](FrameSocket& client) -> Task<void> {
    co_await client.read_until(FrameType::kHeaders);
    co_await client.write(reset_call(http2::ErrorCode::kCancel));
    while (Clock::now() < deadline) {
    }
  };
}

TEST(ResetWithCancel, IsCancelledBeforeTheDeadlineAndDeadlineExceededAfterIt) {
  for (const bool intercepted : {false, true}) {
    const auto cancel = [](FrameSocket& client) -> Task<void> {
      co_await client.read_until(FrameType::kHeaders);
      co_await client.write(reset_call(http2::ErrorCode::kCancel));
    };
    block_on(run_against(cancel, call_unary, intercepted, StatusCode::kCancelled));
    const auto call_with_deadline = [](Channel& channel) -> Task<Status> {
      const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}, {.timeout = 200ms}).result();
      co_return result.status();
    };
    // Long enough for the call to be opened, and no earlier than its deadline.
    const auto block_longer = [](FrameSocket& client) -> Task<void> {
      const Script script = reset_and_block_until(Clock::now() + 300ms);
      co_await script(client);
    };
    block_on(run_against(block_longer, call_with_deadline, intercepted, StatusCode::kDeadlineExceeded));
  }
}

}  // namespace
}  // namespace tern::test
