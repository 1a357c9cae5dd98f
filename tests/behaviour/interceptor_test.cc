// Interceptors on both ends, call credentials, and calls by name and bytes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/fleet.h"
#include "tern/client/call_credentials.h"
#include "tern/client/generic_stub.h"
#include "tern/client/interceptor.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

std::string name_and(const std::string& name, const Status& status) {
  return name + " " + std::string{name_of(status.code())};
}

class NotingServer final : public ServerInterceptor {
 public:
  NotingServer(std::string name, std::vector<std::string>& notes) : name_(std::move(name)), notes_(notes) {}
  Task<Status> intercept(ServerContext& context, Next next) override {
    notes_.push_back(name_ + " before " + context.method());
    Status status = co_await next();
    notes_.push_back(name_and(name_ + " after", status));
    co_return status;
  }
  void on_request(ServerContext& /*context*/, MessageRef /*message*/) override { ++requests; }
  void on_response(ServerContext& /*context*/, MessageRef /*message*/) override { ++responses; }
  int requests = 0;
  int responses = 0;

 private:
  std::string name_;
  std::vector<std::string>& notes_;
};

class NotingClient final : public ClientInterceptor {
 public:
  NotingClient(std::string name, std::vector<std::string>& notes) : name_(std::move(name)), notes_(notes) {}
  Task<Status> intercept(ClientContext& context, Next next) override {
    notes_.push_back(name_ + " before " + std::string{context.method()});
    Status status = co_await next();
    notes_.push_back(name_and(name_ + " after", status));
    co_return status;
  }
  void on_request(ClientContext& /*context*/, MessageRef /*message*/) override { ++requests; }
  void on_response(ClientContext& /*context*/, MessageRef /*message*/) override { ++responses; }
  int requests = 0;
  int responses = 0;

 private:
  std::string name_;
  std::vector<std::string>& notes_;
};

using Notes = std::vector<std::string>;

Task<void> make_every_kind_of_call(Channel& channel) {
  ProbeStub stub{channel};
  Order order;
  order.set_count(3);
  co_await stub.Unary(order);
  auto download = stub.Download(order);
  while (co_await download.next()) {
  }
  auto upload = stub.Upload();
  co_await upload.write(Payload{});
  co_await upload.write(Payload{});
  co_await upload.finish();
  auto echo = stub.Echo();
  co_await echo.write(Payload{});
  co_await echo.next();
  co_await echo.done_writing();
  const std::optional<Payload> end = co_await echo.next();
  EXPECT_FALSE(end);
}

/// Of two interceptors, "outer" and "inner", around those calls.
Notes notes_of_every_kind() {
  Notes expected;
  for (const char* method : {"Unary", "Download", "Upload", "Echo"}) {
    const std::string path = std::string{"/tern.test.v1.Probe/"} + method;
    for (const char* name : {"outer", "inner"}) expected.push_back(std::string{name} + " before " + path);
    for (const char* name : {"inner", "outer"}) expected.push_back(std::string{name} + " after OK");
  }
  return expected;
}

TEST(ServerInterceptors, SeeEveryKindOfCallInOrder) {
  ProbeService service;
  Notes notes;
  NotingServer outer{"outer", notes};
  NotingServer inner{"inner", notes};
  with_server(service, [](Channel& channel, Server&) -> Task<void> { co_await make_every_kind_of_call(channel); },
              {.server_interceptors = {&outer, &inner}});
  EXPECT_EQ(notes, notes_of_every_kind());
  EXPECT_EQ(outer.requests, 1 + 1 + 2 + 1);
  EXPECT_EQ(inner.responses, 1 + 3 + 1 + 1);
}

TEST(ServerInterceptors, SeeTheStatusAndWhatWasThrown) {
  ProbeService service;
  Notes notes;
  NotingServer noting{"it", notes};
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                Order order;
                order.set_status(static_cast<int>(StatusCode::kNotFound));
                const Result<Payload> missing = co_await stub.Unary(order).result();
                EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
                Order failing;
                failing.set_fail(true);
                const Result<Payload> failed = co_await stub.Unary(failing).result();
                EXPECT_EQ(failed.status().code(), StatusCode::kUnknown);
              },
              {.server_interceptors = {&noting}});
  EXPECT_EQ(notes[1], "it after NOT_FOUND");
  EXPECT_EQ(notes[3], "it after UNKNOWN");
}

/// Lets nobody in without the token, and says so in its own words.
class Guard final : public ServerInterceptor {
 public:
  Task<Status> intercept(ServerContext& context, Next next) override {
    co_await sleep(1ms);
    if (context.metadata().get("authorization") != "Bearer secret") {
      ServerContext::abort(StatusCode::kUnauthenticated, "no token, no answer");
    }
    Status status = co_await next();
    if (status.code() == StatusCode::kNotFound) status = Status{StatusCode::kPermissionDenied, "who knows"};
    co_return status;
  }
};

TEST(ServerInterceptors, MayAnswerInPlaceOfTheHandler) {
  ProbeService service;
  Guard guard;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> refused = co_await stub.Unary(Order{}).result();
                EXPECT_EQ(refused.status(), (Status{StatusCode::kUnauthenticated, "no token, no answer"}));
                auto echo = stub.Echo();
                const std::optional<Payload> none = co_await echo.read();
                EXPECT_FALSE(none);
                const Status status = co_await echo.status();
                EXPECT_EQ(status.code(), StatusCode::kUnauthenticated);
                const Metadata token{{"authorization", "Bearer secret"}};
                const Result<Payload> served = co_await stub.Unary(Order{}, {.metadata = &token}).result();
                EXPECT_TRUE(served.ok());
                Order order;
                order.set_status(static_cast<int>(StatusCode::kNotFound));
                const Result<Payload> changed = co_await stub.Unary(order, {.metadata = &token}).result();
                EXPECT_EQ(changed.status().code(), StatusCode::kPermissionDenied);
              },
              {.server_interceptors = {&guard}});
  EXPECT_EQ(service.running, 0);
}

TEST(ServerInterceptors, AreCancelledWithTheCall) {
  ProbeService service;
  Notes notes;
  NotingServer noting{"it", notes};
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> result = co_await stub.Hang(Order{}, {.timeout = 20ms}).result();
                EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
                co_await until(service.cancelled, 1);
              },
              {.server_interceptors = {&noting}});
  EXPECT_EQ(notes.size(), 1U) << "Cancelled passes through an interceptor as through any coroutine";
}

TEST(ClientInterceptors, SeeEveryKindOfCallInOrder) {
  ProbeService service;
  Notes notes;
  NotingClient outer{"outer", notes};
  NotingClient inner{"inner", notes};
  with_server(service, [](Channel& channel, Server&) -> Task<void> { co_await make_every_kind_of_call(channel); },
              {.client_interceptors = {&outer, &inner}});
  EXPECT_EQ(notes, notes_of_every_kind());
  EXPECT_EQ(outer.requests, 1 + 1 + 2 + 1);
  EXPECT_EQ(inner.responses, 1 + 3 + 1 + 1);
}

class Tagging final : public ClientInterceptor {
 public:
  Task<Status> intercept(ClientContext& context, Next next) override {
    co_await sleep(1ms);
    context.metadata().add("echo-trailing", "tagged");
    Status status = co_await next();
    seen = std::string{context.trailing_metadata().get("echo-trailing").value_or("nothing")};
    co_await sleep(1ms);
    if (status.code() == StatusCode::kNotFound) status = Status{StatusCode::kAborted, "changed"};
    co_return status;
  }
  std::string seen;
};

TEST(ClientInterceptors, ChangeWhatIsSentAndHowItEnds) {
  ProbeService service;
  Tagging tagging;
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                CallInfo context;
                co_await stub.Unary(Order{}, {.info = &context});
                EXPECT_EQ(tagging.seen, "tagged");
                EXPECT_EQ(context.trailing_metadata.get("echo-trailing"), "tagged");
                Order order;
                order.set_count(2);
                order.set_status(static_cast<int>(StatusCode::kNotFound));
                auto download = stub.Download(order);
                for (int i = 0; i < 2; ++i) {
                  const std::optional<Payload> payload = co_await download.read();
                  EXPECT_TRUE(payload);
                }
                const std::optional<Payload> none = co_await download.read();
                EXPECT_FALSE(none);
                const Status status = co_await download.status();
                EXPECT_EQ(status, (Status{StatusCode::kAborted, "changed"}));
              },
              {.client_interceptors = {&tagging}});
}

/// Writes down what a context says before its call and after it.
class Reading final : public ClientInterceptor {
 public:
  Task<Status> intercept(ClientContext& context, Next next) override {
    before = {std::string{context.method()}, context.target(), context.peer()};
    EXPECT_EQ(context.metadata().get("echo-initial"), "sent along");
    EXPECT_TRUE(context.initial_metadata().empty());
    EXPECT_TRUE(context.trailing_metadata().empty());
    const std::optional<Clock::duration> left = context.time_remaining();
    EXPECT_TRUE(left && *left > 0s && *left <= 1h);
    EXPECT_TRUE(context.deadline() && *context.deadline() > Clock::now());
    Status status = co_await next();
    EXPECT_EQ(context.initial_metadata().get("echo-initial"), "sent along");
    EXPECT_TRUE(context.message_was_compressed());
    EXPECT_FALSE(context.peer().empty());
    co_return status;
  }
  std::vector<std::string> before;
};

TEST(ClientInterceptors, ReadAllThatTheContextKnows) {
  ProbeService service;
  Reading reading;
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                Metadata metadata;
                metadata.add("echo-initial", "sent along");
                metadata.add("compress", "gzip");
                Order order;
                order.set_size(10'000);
                co_await stub.Unary(order, {.timeout = 1h, .metadata = &metadata});
                EXPECT_EQ(reading.before,
                          (std::vector<std::string>{"/tern.test.v1.Probe/Unary", channel.target(), ""}));
              },
              {.client_interceptors = {&reading}});
}

class Withdrawing final : public ClientInterceptor {
 public:
  Task<Status> intercept(ClientContext& context, Next next) override {
    context.cancel(Status{StatusCode::kResourceExhausted, "no budget"});
    co_return co_await next();
  }
};

TEST(ClientInterceptors, CancelACallByItsContext) {
  ProbeService service;
  Withdrawing withdrawing;
  with_server(service,
              [](Channel& channel, Server& server) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> result = co_await stub.Unary(Order{}).result();
                EXPECT_EQ(result.status(), (Status{StatusCode::kResourceExhausted, "no budget"}));
                EXPECT_EQ(server.calls_in_flight(), 0U);
              },
              {.client_interceptors = {&withdrawing}});
}

class Refusing final : public ClientInterceptor {
 public:
  Task<Status> intercept(ClientContext& /*context*/, Next /*next*/) override {
    throw RpcError{Status{StatusCode::kFailedPrecondition, "not today"}};
  }
};

TEST(ClientInterceptors, MayEndACallBeforeItIsMade) {
  ProbeService service;
  Refusing refusing;
  with_server(service,
              [](Channel& channel, Server& server) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> result = co_await stub.Unary(Order{}).result();
                EXPECT_EQ(result.status(), (Status{StatusCode::kFailedPrecondition, "not today"}));
                auto echo = stub.Echo();
                const bool written = co_await echo.write(Payload{});
                EXPECT_FALSE(written);
                EXPECT_EQ(server.calls_in_flight(), 0U);
              },
              {.client_interceptors = {&refusing}});
}

class Slow final : public ClientInterceptor {
 public:
  Task<Status> intercept(ClientContext& /*context*/, Next next) override {
    co_await sleep(1h);
    co_return co_await next();
  }
};

TEST(ClientInterceptors, ThatTakeTooLongMeetTheDeadline) {
  ProbeService service;
  Slow slow;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> result = co_await stub.Unary(Order{}, {.timeout = 20ms}).result();
                EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
                auto echo = stub.Echo();
                TaskGroup group;
                group.spawn([](decltype(echo)& call) -> Task<void> { co_await call.write(Payload{}); }(echo));
                echo.cancel();
                const Status status = co_await echo.status();
                EXPECT_EQ(status.code(), StatusCode::kCancelled);
                co_await group.join();
              },
              {.client_interceptors = {&slow}});
}

TEST(ClientInterceptors, ADroppedCallTakesThemAlong) {
  ProbeService service;
  Slow slow;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                auto echo = stub.Echo();
                bool timed_out = false;
                try {
                  co_await with_timeout(5ms, echo.write(Payload{}));
                } catch (const TimedOut&) {
                  timed_out = true;
                }
                EXPECT_TRUE(timed_out);
              },
              {.client_interceptors = {&slow}});
}

class Token final : public CallCredentials {
 public:
  explicit Token(bool plaintext) : plaintext_(plaintext) {}
  Task<Metadata> metadata(CallTarget target) override {
    co_await sleep(1ms);
    asked_for = target.service_url;
    if (fails) throw std::runtime_error("no token to be had");
    co_return Metadata{{"authorization", "Bearer secret"}};
  }
  [[nodiscard]] bool allowed_on_plaintext() const noexcept override { return plaintext_; }
  std::string asked_for;
  bool fails = false;

 private:
  bool plaintext_;
};

TEST(Credentials, AreSentWithEachCall) {
  ProbeService service;
  Guard guard;
  Token token{true};
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                co_await make_every_kind_of_call(channel);
                EXPECT_EQ(token.asked_for, "https://" + channel.target() + "/tern.test.v1.Probe");
                token.fails = true;
                ProbeStub stub{channel};
                const Result<Payload> result = co_await stub.Unary(Order{}).result();
                EXPECT_EQ(result.status(), (Status{StatusCode::kUnauthenticated, "no token to be had"}));
              },
              {.channel_options = {.call_credentials = &token}, .server_interceptors = {&guard}});
}

TEST(Credentials, OfOneCall) {
  ProbeService service;
  Guard guard;
  Token token{true};
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> refused = co_await stub.Unary(Order{}).result();
                EXPECT_EQ(refused.status().code(), StatusCode::kUnauthenticated);
                co_await stub.Unary(Order{}, {.credentials = &token});
              },
              {.server_interceptors = {&guard}});
}

/// Asks for the peer when the call's connection is gone.
class AsksLate final : public ClientInterceptor {
 public:
  AsksLate(Channel& channel, Fleet::Member& member) : channel_(channel), member_(member) {}
  Task<Status> intercept(ClientContext& context, Next next) override {
    Status status = co_await next();
    Fleet::crash(member_);
    while (channel_.state() == ConnectivityState::kReady) co_await sleep(1ms);
    peer = context.peer();
    co_return status;
  }
  std::string peer;

 private:
  Channel& channel_;
  Fleet::Member& member_;
};

TEST(ClientInterceptors, SeeThePeerAfterTheConnectionIsGone) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    Channel channel{member.address};
    AsksLate asks_late{channel, member};
    channel.add_interceptor(asks_late);
    CallInfo context;
    const Status status = co_await call(channel, {.info = &context});
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(asks_late.peer, "ipv4:" + member.address);
    EXPECT_EQ(context.peer, asks_late.peer);
    co_await channel.close();
  });
}

TEST(Credentials, AreNotSentOverPlaintextUnlessAllowed) {
  ProbeService service;
  Token token{false};
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> result = co_await stub.Unary(Order{}).result();
                EXPECT_EQ(result.status().code(), StatusCode::kUnauthenticated);
                EXPECT_TRUE(token.asked_for.empty());
              },
              {.channel_options = {.call_credentials = &token}});
}

/// Gives every message back, with the method's name before it.
class Mirror final : public GenericService {
 public:
  AsyncGenerator<RawMessage> Call(ServerContext& context, Reader<RawMessage>& requests) override {
    while (const std::optional<RawMessage> request = co_await requests.next()) {
      co_yield RawMessage{context.method() + ":" + request->bytes};
    }
  }
};

TEST(GenericCalls, ByNameAndBytes) {
  ProbeService service;
  Mirror mirror;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                const GenericStub stub{channel};
                const RawMessage hello{"hello"};
                const RawMessage answer = co_await stub.unary("/any.Service/Method", hello);
                EXPECT_EQ(answer.bytes, "/any.Service/Method:hello");
                auto stream = stub.stream("/any.Service/Stream");
                for (const char* word : {"one", "two"}) {
                  const RawMessage message{word};
                  co_await stream.write(message);
                  const std::optional<RawMessage> back = co_await stream.next();
                  EXPECT_EQ(back->bytes, std::string{"/any.Service/Stream:"} + word);
                }
                co_await stream.done_writing();
                const std::optional<RawMessage> end = co_await stream.next();
                EXPECT_FALSE(end);
                // What a service has is still its own.
                Order order;
                order.set_number(7);
                const RawMessage bytes{order.SerializeAsString()};
                const RawMessage raw = co_await stub.unary("/tern.test.v1.Probe/Unary", bytes);
                Payload payload;
                EXPECT_TRUE(payload.ParseFromString(raw.bytes));
                EXPECT_EQ(payload.number(), 7);
              },
              {.generic = &mirror});
}

}  // namespace
}  // namespace tern::test
