// Mistakes of programs with calls, stubs, channels, servers and their options: each one is a std::logic_error, a status
// or one log line, whose sentence says what was wrong. docs/mistakes.md lists them.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/captured_log.h"
#include "support/certificates.h"
#include "support/elsewhere.h"
#include "support/serve.h"
#include "tern/async/executor.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/client/generic_stub.h"
#include "tern/client/interceptor.h"
#include "tern/client/observer.h"
#include "tern/client/resolver.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

/// Returns the text of the std::logic_error that the mistake throws; another exception's text has a mark before it.
Task<std::string> thrown_by(Task<void> mistake) {
  std::string text = "nothing was thrown";
  try {
    co_await std::move(mistake);
  } catch (const std::logic_error& error) {
    text = error.what();
  } catch (const std::exception& error) {
    text = std::string{"another exception: "} + error.what();
  }
  co_return text;
}

std::string thrown_by(const std::function<void()>& mistake) {
  try {
    mistake();
  } catch (const std::logic_error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string{"another exception: "} + error.what();
  }
  return "nothing was thrown";
}

Payload long_payload() {
  Payload payload;
  payload.set_data(std::string(std::size_t{1} << 20, 'x'));
  return payload;
}

AsyncGenerator<Payload> no_payloads() { co_return; }

template <class Call>
Task<void> read_one(Call& call) {
  co_await call.next();
}
template <class Call>
Task<void> write_one(Call& call) {
  co_await call.write(long_payload());
}

/// Lets the tasks that were spawned begin, and wait.
Task<void> let_them_wait() { co_await sleep(0ms); }
Task<void> sleep_a_moment() { co_await sleep(0ms); }

// Calls.

Task<void> read_twice_at_once(ProbeStub stub) {
  auto call = stub.Echo();
  TaskGroup group;
  group.spawn(read_one(call));
  co_await let_them_wait();
  co_await call.next();
}

Task<void> write_twice_at_once(ProbeStub stub) {
  auto call = stub.Ignore();
  TaskGroup group;
  group.spawn(write_one(call));
  co_await let_them_wait();
  co_await call.initial_metadata();
  co_await call.write(long_payload());
}

Task<void> write_after_done_writing(ProbeStub stub) {
  auto call = stub.Echo();
  co_await call.done_writing();
  co_await call.write(Payload{});
}

Task<void> write_after_finish(ProbeStub stub) {
  auto call = stub.Upload();
  co_await call.finish();
  co_await call.write(Payload{});
}

Task<void> finish_twice(ProbeStub stub) {
  auto call = stub.Upload();
  co_await call.finish();
  co_await call.finish();
}

Task<void> write_beside_a_generator(ProbeStub stub) {
  auto call = stub.Echo(no_payloads());
  co_await call.write(Payload{});
}

Task<void> end_beside_a_generator(ProbeStub stub) {
  auto call = stub.Echo(no_payloads());
  co_await call.done_writing();
}

Task<void> read_trailers_too_early(ProbeStub stub) {
  auto call = stub.Echo();
  co_await call.write(Payload{});
  static_cast<void>(call.trailing_metadata());
}

Task<void> await_a_unary_call_twice(ProbeStub stub) {
  auto call = stub.Unary(Order{});
  co_await std::move(call);
  co_await std::move(call);  // NOLINT(bugprone-use-after-move): the mistake
}

Task<void> use_a_stream_that_was_moved(ProbeStub stub) {
  auto call = stub.Echo();
  const auto moved = std::move(call);
  co_await call.write(Payload{});  // NOLINT(bugprone-use-after-move): the mistake
}

Task<void> destroy_a_call_that_is_read(ProbeStub stub) {
  TaskGroup group;
  auto call = std::make_unique<BidiStreamCall<Payload, Payload>>(stub.Echo());
  group.spawn(read_one(*call));
  co_await let_them_wait();
  call.reset();
  co_await group.join();
}

Task<void> destroy_a_call_that_is_written(ProbeStub stub) {
  TaskGroup group;
  auto call = std::make_unique<BidiStreamCall<Payload, Payload>>(stub.Ignore());
  co_await call->initial_metadata();
  group.spawn(write_one(*call));
  co_await let_them_wait();
  call.reset();
  co_await group.join();
}

Loop& other_loop() {
  for (Loop* loop : Loop::require_current("a test").siblings()) {
    if (loop != Loop::current()) return *loop;
  }
  throw std::runtime_error("the test has one loop");
}

Task<void> read_on_another_loop(ProbeStub stub) {
  auto call = stub.Ignore();
  co_await call.initial_metadata();
  co_await run_on(other_loop(), [&call]() -> Task<void> { return read_one(call); });
}

Task<void> write_on_another_loop(ProbeStub stub) {
  auto call = stub.Ignore();
  co_await call.initial_metadata();
  co_await run_on(other_loop(), [&call]() -> Task<void> { return write_one(call); });
}

Task<void> block_on_a_loop(ProbeStub /*stub*/) {
  Channel channel{"127.0.0.1:1"};
  tern::test::v1::Probe::BlockingStub blocking{channel};
  static_cast<void>(blocking.Unary(Order{}));
  co_return;
}

Task<void> call_no_method(ProbeStub /*stub*/) {
  Channel channel{"127.0.0.1:1"};
  static_cast<void>(GenericStub{channel}.unary("tern.test.v1.Probe/Unary", RawMessage{}));
  co_return;
}

struct MisusedCall {
  const char* name;
  std::function<Task<void>(ProbeStub)> make;
  const char* sentence;
};

class CallMisuse : public ::testing::TestWithParam<MisusedCall> {};

TEST_P(CallMisuse, ThrowsASentence) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                const std::string text = co_await thrown_by(GetParam().make(ProbeStub{channel}));
                EXPECT_EQ(text, GetParam().sentence);
                // The channel goes on.
                const Status status = co_await call(channel);
                EXPECT_TRUE(status.ok()) << status.to_string();
              },
              {.threads = 2});
}

constexpr const char* kMovedFrom =
    "a call is awaited once: this one was awaited before, or moved from: make another call with the stub";
constexpr const char* kTwoReads =
    "two reads at once on one stream: await the first one before the second, or read in one task only";
constexpr const char* kDestroyed =
    "the call was destroyed while a task read or wrote it: end that task first, or let it own the call";
constexpr const char* kOtherLoop =
    "the call belongs to another event loop: use it in tasks of the loop that started it";
constexpr const char* kAfterTheLast =
    "a write after done_writing() or finish(): write all messages before, or make another call";
constexpr const char* kGenerator =
    "write() or done_writing() on a call whose requests a generator yields: yield the message there, or make the call "
    "without a generator";

INSTANTIATE_TEST_SUITE_P(
    Mistakes, CallMisuse,
    ::testing::Values(
        MisusedCall{"TwoReads", read_twice_at_once, kTwoReads},
        MisusedCall{
            "TwoWrites", write_twice_at_once,
            "two writes at once on one stream: await the first one before the second, or write in one task only"},
        MisusedCall{"WriteAfterDoneWriting", write_after_done_writing, kAfterTheLast},
        MisusedCall{"WriteAfterFinish", write_after_finish, kAfterTheLast},
        MisusedCall{"FinishTwice", finish_twice,
                    "finish() or result() was called twice: the call has one response, keep the first one's"},
        MisusedCall{"WriteBesideAGenerator", write_beside_a_generator, kGenerator},
        MisusedCall{"DoneWritingBesideAGenerator", end_beside_a_generator, kGenerator},
        MisusedCall{"TrailersBeforeTheEnd", read_trailers_too_early,
                    "trailing_metadata() comes with the end of the call: await status() before"},
        MisusedCall{"UnaryCallAwaitedTwice", await_a_unary_call_twice, kMovedFrom},
        MisusedCall{"StreamMovedFrom", use_a_stream_that_was_moved, kMovedFrom},
        MisusedCall{"DestroyedWhileRead", destroy_a_call_that_is_read, kDestroyed},
        MisusedCall{"DestroyedWhileWritten", destroy_a_call_that_is_written, kDestroyed},
        MisusedCall{"ReadOnAnotherLoop", read_on_another_loop, kOtherLoop},
        MisusedCall{"WriteOnAnotherLoop", write_on_another_loop, kOtherLoop},
        MisusedCall{"BlockingCallOnALoop", block_on_a_loop,
                    "a blocking call on an event loop's thread would stop the loop: use the asynchronous one"},
        MisusedCall{"NoMethod", call_no_method,
                    "\"tern.test.v1.Probe/Unary\" is not a method: write \"/package.Service/Method\""}),
    [](const auto& parameter) { return parameter.param.name; });

// Once its response was taken the call says so; a finish() that was cancelled may be repeated.
TEST(CallMisuse, FinishMayBeRepeatedAfterATimeout) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Upload();
    bool late = false;
    TaskGroup group;
    group.spawn([](auto& its_call) -> Task<void> { static_cast<void>(co_await its_call.finish()); }(call));
    group.cancel();
    try {
      co_await group.join();
    } catch (const Cancelled&) {
      late = true;
    }
    static_cast<void>(late);
    const Payload sum = co_await call.finish();
    EXPECT_EQ(sum.number(), 0);
  });
}

class TwoReadsService final : public tern::test::v1::Probe::AsyncService {
 public:
  std::string text;

  Task<Payload> Upload(ServerContext& context, Reader<Payload>& payloads) override {
    TaskGroup group;
    group.spawn(read_one(payloads));
    co_await let_them_wait();
    text = co_await thrown_by(read_one(payloads));
    context.send_initial_metadata();
    co_return Payload{};
  }
};

TEST(HandlerMisuse, TwoReadsThrow) {
  TwoReadsService service;
  with_server(service, [&service](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Upload();
    const Metadata answered = co_await call.initial_metadata();
    const Result<Payload> result = co_await call.result();
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    EXPECT_EQ(service.text, kTwoReads);
  });
}

/// Its first thread writes while the second one reads. The one that comes second makes the mistake.
class TwoThreadsService final : public tern::test::v1::Probe::SyncService {
 public:
  std::string text;
  std::atomic<int> found = 0;

  void Echo(ServerContext& context, BlockingReader<Payload>& payloads, BlockingWriter<Payload>& back) override {
    context.send_initial_metadata();  // for which the client waits: a write may never be the first
    std::atomic<bool> reader_ended = false;
    std::string read;
    std::thread reader{[&] {
      read = thrown_by([&payloads] { static_cast<void>(payloads.next()); });
      reader_ended = true;
    }};
    std::string written;
    while (!reader_ended && written.find("two threads") == std::string::npos) {
      written = thrown_by([&back] { back.write(Payload{}); });
    }
    text = written.find("two threads") != std::string::npos ? written : "";
    found = 1;
    found.notify_all();
    reader.join();
    if (text.empty()) text = read;
  }
};

TEST(HandlerMisuse, TwoThreadsOfASynchronousHandlerThrow) {
  TwoThreadsService service;
  with_server(service, [&service](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Echo();
    const Metadata begun = co_await call.initial_metadata();
    co_await until(service.found, 1);
    co_await call.done_writing();
    const Status status = co_await call.status();
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(service.text,
              "a synchronous handler reads and writes on two threads at once: use its reader and writer on one thread");
  });
}

// Stubs and channels.

TEST(ChannelMisuse, AStubThatOutlivesItsChannelEndsCallsWithCancelled) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    auto gone = std::make_unique<Channel>(channel.target());
    ProbeStub stub{*gone};
    GenericStub generic{*gone};
    const Payload before = co_await stub.Unary(Order{});
    static_cast<void>(before);
    gone.reset();
    const Status expected{StatusCode::kCancelled,
                          "the channel was closed: close or destroy it when its stubs make no more calls"};
    const Result<Payload> unary = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(unary.status(), expected);
    auto stream = stub.Echo();
    const bool written = co_await stream.write(Payload{});
    EXPECT_FALSE(written);
    const Status status = co_await stream.status();
    EXPECT_EQ(status, expected);
    const Result<RawMessage> raw = co_await generic.unary("/tern.test.v1.Probe/Unary", RawMessage{}).result();
    EXPECT_EQ(raw.status(), expected);
  });
}

/// Must not be called any more.
class GoneObserver final : public ClientObserver, public ClientInterceptor {
 public:
  void on_call_begun(ClientContext& /*context*/) override { ++calls; }
  void on_call_ended(const EndedClientCall& /*call*/) override { ++calls; }
  void on_request(ClientContext& /*context*/, MessageRef /*message*/) override { ++calls; }
  int calls = 0;
};

TEST(ChannelMisuse, CallsOfAClosedChannelUseNothingThatBelongsToIt) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    GoneObserver gone;
    auto closed = std::make_unique<Channel>(channel.target());
    closed->add_observer(gone);
    closed->add_interceptor(gone);
    ProbeStub stub{*closed};
    co_await closed->close();
    const Result<Payload> unary = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(unary.status().code(), StatusCode::kCancelled);
    EXPECT_EQ(gone.calls, 0);
  });
}

TEST(ChannelMisuse, ABlockingStubThatOutlivesItsChannelThrows) {
  auto channel = std::make_unique<Channel>("127.0.0.1:1");
  tern::test::v1::Probe::BlockingStub stub{*channel};
  auto stream = std::make_unique<BlockingCall<BidiStreamCall<Payload, Payload>>>(stub.Echo());
  channel.reset();
  constexpr const char* kGone = "the stub's channel was destroyed: keep the Channel while stubs make blocking calls";
  EXPECT_EQ(thrown_by([&] { static_cast<void>(stub.Unary(Order{})); }), kGone);
  EXPECT_EQ(thrown_by([&] { static_cast<void>(stream->next()); }), kGone);
  stream.reset();
}

TEST(ChannelMisuse, ABlockingCallThatWasMovedFromThrows) {
  Channel channel{"127.0.0.1:1"};
  tern::test::v1::Probe::BlockingStub stub{channel};
  auto call = stub.Echo();
  const auto moved = std::move(call);
  // NOLINTNEXTLINE(bugprone-use-after-move): the mistake
  EXPECT_EQ(thrown_by([&] { static_cast<void>(call.next()); }), kMovedFrom);
}

TEST(ChannelMisuse, AddingAfterTheFirstCallThrows) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    co_await channel.connect();
    GoneObserver late;
    EXPECT_EQ(thrown_by([&] { channel.add_observer(late); }),
              "add_observer() comes after the channel was used: call it before connect() and all calls");
    EXPECT_EQ(thrown_by([&] { channel.add_interceptor(late); }),
              "add_interceptor() comes after the channel was used: call it before connect() and all calls");
  });
}

TEST(ChannelMisuse, WithoutALoopItsStateThrows) {
  Channel channel{"127.0.0.1:1"};
  EXPECT_EQ(thrown_by([&] { static_cast<void>(channel.state()); }),
            "a call over a Channel needs an event loop: use it inside of a task given to tern::run or tern::co_spawn");
}

// Servers.

void on_a_loop(const std::function<void()>& body) {
  block_on([](const std::function<void()>& its_body) -> Task<void> {
    its_body();
    co_return;
  }(body));
}

TEST(ServerMisuse, WithoutALoopThrows) {
  EXPECT_EQ(thrown_by([] { const Server server; }),
            "a Server needs an event loop: use it inside of a task given to tern::run or tern::co_spawn");
}

TEST(ServerMisuse, WrongOrdersThrow) {
  on_a_loop([] {
    ProbeService service;
    ProbeService same;
    Server server;
    server.add_service(service);
    EXPECT_EQ(thrown_by([&] { server.add_service(same); }),
              "a service \"tern.test.v1.Probe\" was added before: a server has one service of each name");
    const std::uint16_t port = server.listen("127.0.0.1:0");
    EXPECT_EQ(thrown_by([&] { server.add_service(service); }), "add_service() comes after listen(): call it before");
    EXPECT_EQ(thrown_by([&] { server.listen("127.0.0.1:" + std::to_string(port)); }),
              "another exception: cannot listen on 127.0.0.1:" + std::to_string(port) +
                  ": the port is in use by another process, or by another listen() of this one");
    EXPECT_EQ(thrown_by([&] { server.listen("nonsense"); }).substr(0, 18), "address \"nonsense\"");
  });
}

TEST(ServerMisuse, UseAfterStopThrows) {
  ProbeService service;
  with_server(service, [](Channel& /*channel*/, Server& server) -> Task<void> {
    co_await server.stop();
    EXPECT_EQ(thrown_by([&] { server.listen("127.0.0.1:0"); }),
              "listen() after stop(): make another Server to serve again");
  });
}

TEST(ServerMisuse, UseOnAnotherLoopThrows) {
  ProbeService service;
  with_server(service,
              [](Channel& /*channel*/, Server& server) -> Task<void> {
                std::string text;
                co_await run_on(other_loop(), [&]() -> Task<void> {
                  text = thrown_by([&] { server.listen("127.0.0.1:0"); });
                  return let_them_wait();
                });
                EXPECT_EQ(
                    text,
                    "listen() on another loop or thread than the server's: call it on the loop that made the Server");
              },
              {.threads = 2});
}

class NoGeneric final : public GenericService {
 public:
  AsyncGenerator<RawMessage> Call(ServerContext& /*context*/, Reader<RawMessage>& /*requests*/) override { co_return; }
};

TEST(ServerMisuse, TwoOfWhatThereIsOneOfThrow) {
  on_a_loop([] {
    NoGeneric generic;
    InProcess in_process;
    Server server;
    Server other;
    server.set_generic_service(generic);
    EXPECT_EQ(thrown_by([&] { server.set_generic_service(generic); }),
              "set_generic_service() was called twice: a server has one generic service");
    server.listen(in_process);
    EXPECT_EQ(thrown_by([&] { other.listen(in_process); }),
              "an InProcess is served by one server at a time: stop that one, or make another InProcess");
  });
}

TEST(ServerMisuse, ServingNothingIsLogged) {
  const CapturedLog log;
  block_on([]() -> Task<void> {
    Server server;
    co_await server.serve_until(sleep_a_moment());
  }());
  EXPECT_EQ(log.count("serve_until() of a server that listens on nothing: call listen() before"), 1) << log.text();
}

TEST(ServerMisuse, AServiceThatGoesBeforeItsServerIsLogged) {
  const CapturedLog log;
  on_a_loop([] {
    Server server;
    ProbeService service;
    server.add_service(service);
  });
  EXPECT_EQ(log.count("the service tern.test.v1.Probe is destroyed while a server serves it: declare the service "
                      "before the server, or await Server::stop() before"),
            1)
      << log.text();
}

TEST(ServerMisuse, AServiceThatGoesAfterTheStopIsNotLogged) {
  const CapturedLog log;
  block_on([]() -> Task<void> {
    Server server;
    {
      ProbeService service;
      server.add_service(service);
      server.listen("127.0.0.1:0");
      co_await server.stop();
    }
  }());
  EXPECT_EQ(log.count("is destroyed while"), 0) << log.text();
}

TEST(ServerMisuse, AHandlerThatNeverEndsIsLoggedAtTheEndOfTheGrace) {
  const CapturedLog log;
  ProbeService service;
  with_server(service, [&service](Channel& channel, Server& server) -> Task<void> {
    TaskGroup calls;
    calls.spawn([](Channel& its_channel) -> Task<void> {
      ProbeStub stub{its_channel};
      const Result<Payload> result = co_await stub.Hang(Order{}).result();
      EXPECT_FALSE(result.ok());
    }(channel));
    co_await until(service.running, 1);
    co_await server.stop({.grace = 1ms});
    co_await calls.join();
  });
  EXPECT_EQ(log.count("1 calls still run at the end of the server's grace, and are cancelled: raise"), 1) << log.text();
}

TEST(ServerMisuse, AnInProcessThatGoesBeforeItsServerIsLogged) {
  const CapturedLog log;
  on_a_loop([] {
    Server server;
    InProcess in_process;
    server.listen(in_process);
  });
  EXPECT_EQ(log.count("an InProcess is destroyed while a server listens on it: declare it before the server, or await "
                      "Server::stop() before"),
            1)
      << log.text();
}

TEST(ServerMisuse, AMethodThatNobodyHasIsNamed) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    GenericStub stub{channel};
    const Result<RawMessage> typo = co_await stub.unary("/tern.test.v1.Probe/Unery", RawMessage{}).result();
    EXPECT_EQ(typo.status().details(), "service tern.test.v1.Probe has no method Unery");
    const Result<RawMessage> other = co_await stub.unary("/tern.test.v1.Prob/Unary", RawMessage{}).result();
    EXPECT_EQ(other.status().details(), "unknown service tern.test.v1.Prob");
  });
}

TEST(ServerMisuse, ACertificateThatDoesNotFitItsKeyIsNamed) {
  const Certificates certificates;
  certificates.make("one", "DNS:localhost");
  certificates.make("two", "DNS:localhost");
  const std::string text = thrown_by([&] {
    ServerTls tls{{.certificate_file = certificates.file("one.pem"), .key_file = certificates.file("two.key")}};
  });
  EXPECT_NE(text.find("cannot use the private key in \"" + certificates.file("two.key") +
                      "\" with the certificate in \"" + certificates.file("one.pem") + "\""),
            std::string::npos)
      << text;
}

// Options.

struct BadOption {
  std::function<void()> give;
  std::string sentence;
};

void make_server(const ServerOptions& options) {
  on_a_loop([&options] { const Server server{options}; });
}
void make_channel(ChannelOptions options, const std::string& target = "127.0.0.1:1") {
  const Channel channel{target, std::move(options)};
}

class NoServers final : public Resolver {
 public:
  AsyncGenerator<Resolution> resolve(std::string_view /*target*/) override { co_return; }
};

Task<void> nothing() { co_return; }

std::vector<BadOption> bad_options() {
  static InProcess in_process;
  static NoServers resolver;
  return {
      {[] { make_server({.max_receive_message_length = 0}); },
       "ServerOptions::max_receive_message_length is 0: every request would be rejected; std::nullopt lifts the limit"},
      {[] { make_server({.max_send_message_length = 0}); },
       "ServerOptions::max_send_message_length is 0: every response would be rejected; std::nullopt lifts the limit"},
      {[] { make_server({.max_concurrent_streams = 0}); },
       "ServerOptions::max_concurrent_streams is 0: no client could make a call; std::nullopt lifts the limit"},
      {[] { make_server({.max_metadata_fields = 0}); },
       "ServerOptions::max_metadata_fields is 0: every request would be rejected; std::nullopt lifts the limit"},
      {[] { make_server({.max_connections = 0}); },
       "ServerOptions::max_connections is 0: no client could connect; std::nullopt lifts the limit"},
      {[] { make_server({.max_calls_in_flight = 0}); },
       "ServerOptions::max_calls_in_flight is 0: every call would be rejected; std::nullopt lifts the limit"},
      {[] { make_server({.max_unsent_bytes = 0}); },
       "ServerOptions::max_unsent_bytes is 0: new calls would wait for each response that is being sent; std::nullopt "
       "lifts the limit"},
      {[] { make_server({.max_long_message_bytes = 0}); },
       "ServerOptions::max_long_message_bytes is 0: long messages would come in one at a time; std::nullopt lifts the "
       "limit"},
      {[] { make_server({.max_workers = 0}); },
       "ServerOptions::max_workers is 0: no synchronous handler could run; default_max_workers() is the default"},
      {[] { make_server({.handshake_timeout = -1s}); },
       "ServerOptions::handshake_timeout is -1 s: it must be longer than 0; std::nullopt lifts it"},
      {[] { make_server({.keepalive_time = -1ms}); },
       "ServerOptions::keepalive_time is -0.001 s: it must be longer than 0; std::nullopt lifts it"},
      {[] { make_server({.keepalive_timeout = 0s}); },
       "ServerOptions::keepalive_timeout is 0 s: it must be longer than 0"},
      {[] { make_server({.max_connection_age = 0s}); },
       "ServerOptions::max_connection_age is 0 s: it must be longer than 0; std::nullopt lifts it"},
      {[] { make_channel({.max_receive_message_length = 0}); },
       "ChannelOptions::max_receive_message_length is 0: every response would be rejected; std::nullopt lifts the "
       "limit"},
      {[] { make_channel({.idle_timeout = 0s}); },
       "ChannelOptions::idle_timeout is 0 s: it must be longer than 0; std::nullopt lifts it"},
      {[] { block_on(nothing(), {.threads = 0}); },
       "RunOptions::threads is 0: no loop would run; core_count() is one for each core"},
      {[] { const Executor executor{0}; },
       "an Executor with 0 threads would do no work: core_count() is one for each core"},
      {[] { make_channel({.connect_timeout = 0s}); },
       "ChannelOptions::connect_timeout is 0 s: it must be longer than 0"},
      {[] { make_channel({.keepalive_timeout = -1s}); },
       "ChannelOptions::keepalive_timeout is -1 s: it must be longer than 0"},
      {[] { make_channel({.backoff = {.initial = 0s}}); }, "BackoffOptions::initial is 0 s: it must be longer than 0"},
      {[] { make_channel({.backoff = {.multiplier = 0.5}}); },
       "BackoffOptions::multiplier is less than 1: delays would shrink"},
      {[] { make_channel({.backoff = {.jitter = 2}}); }, "BackoffOptions::jitter is not from 0 to 1"},
      {[] { make_channel({.max_connections_per_server = 0}); },
       "ChannelOptions::max_connections_per_server is 0: no call could be made; 1 is one connection"},
      {[] { make_channel({.in_process = &in_process, .resolver = &resolver}); },
       "ChannelOptions::in_process and resolver are both set: the server is in this process, or found"},
      {[] { make_channel({}, "http://localhost:50051"); },
       "target \"http://localhost:50051\": a target has no URL's scheme: write host:port, and set ChannelOptions::tls "
       "for TLS"},
      {[] { make_channel({.service_config = "{"}); }, "service config: it is not a JSON object"},
      {[] { make_channel({.service_config = R"({"loadBalancingPolicy": "round_robbin"})"}); },
       "service config: \"loadBalancingPolicy\" is \"round_robbin\": known are pick_first and round_robin"},
      {[] { make_channel({.service_config = R"({"methodConfig": [{"name": [{}], "waitForReady": "yes"}]})"}); },
       "service config: \"waitForReady\" is neither true nor false"},
      {[] { make_channel({.service_config = R"({"methodConfig": [{"name": [{}], "maxRequestMessageBytes": -1}]})"}); },
       "service config: \"maxRequestMessageBytes\" is a whole number from 0"},
      {[] { Metadata{}.add("x request id", "7"); },
       "metadata key \"x request id\" has other characters than letters, digits and -_."},
      {[] { Metadata{}.add("grpc-timeout", "1S"); },
       "metadata key \"grpc-timeout\" belongs to HTTP/2 or gRPC: choose another name"},
      {[] { Metadata{}.add("name", "J\xc3\xb6rg"); },
       "metadata value of \"name\" is not printable ASCII: give the key a name that ends in -bin"},
      {[] { ServerTls tls{{}}; }, "TLS: a server needs a certificate and its key"},
  };
}

TEST(OptionMisuse, ValuesWithoutSenseAreNamed) {
  for (const BadOption& bad : bad_options()) {
    const std::string text = thrown_by(bad.give);
    EXPECT_EQ(text.substr(0, bad.sentence.size()), bad.sentence) << text;
  }
}

TEST(OptionMisuse, AStopWithoutSenseIsNamedBeforeTheServerServes) {
  ProbeService service;
  with_server(service, [](Channel& /*channel*/, Server& server) -> Task<void> {
    const std::string text = co_await thrown_by(server.serve_until(sleep_a_moment(), {.grace = -1s}));
    EXPECT_EQ(text,
              "StopOptions::grace is -1 s: it must not be negative; 0 means that running calls are cancelled at once");
  });
}

struct Typo {
  const char* json;
  const char* line;
};

TEST(OptionMisuse, TyposInAServiceConfigAreLogged) {
  for (const auto& [json, line] : std::vector<Typo>{
           {R"({"metodConfig": []})",
            "service config: \"metodConfig\" in the service config is unknown and has no effect: known are"},
           {R"({"methodConfig": [{"name": [{"service": "a.B"}], "timout": "1s"}]})",
            "service config: \"timout\" in methodConfig is unknown and has no effect: known are name, timeout,"},
           {R"({"methodConfig": [{"name": [{"service": "a.B", "metod": "C"}]}]})",
            "service config: \"metod\" in methodConfig.name is unknown and has no effect: known are service, method"},
           {R"({"retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1, "tokenRate": 1}})",
            "service config: \"tokenRate\" in retryThrottling is unknown and has no effect: known are maxTokens,"},
       }) {
    const CapturedLog log;
    make_channel({.service_config = json});
    EXPECT_EQ(log.count(line), 1) << log.text();
  }
}

TEST(OptionMisuse, UpperCaseInAKeyThatIsAskedForMakesNoDifference) {
  const Metadata metadata{{"X-Request-Id", "7"}};
  EXPECT_EQ(metadata.get("x-request-id"), "7");
  EXPECT_EQ(metadata.get("X-Request-ID"), "7");
  EXPECT_EQ(metadata.get("x-request-iD"), "7");
  EXPECT_EQ(metadata.get("x-request_id"), std::nullopt);
  EXPECT_EQ(metadata.get_all("X-REQUEST-ID").size(), 1U);
}

}  // namespace
}  // namespace tern::test
