// What a server's observers see of each call: its beginning, and one end, however it comes.
#include "tern/server/observer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/captured_log.h"
#include "support/raw_client.h"
#include "support/serve.h"
#include "support/thrower.h"
#include "tern/client/client_context.h"
#include "tern/client/generic_stub.h"
#include "tern/client/observer.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

class Noting final : public ServerObserver {
 public:
  void on_call_begun(ServerContext& context) override { begun.push_back(context.method()); }
  void on_call_ended(const EndedCall& call) override {
    ended.push_back(std::string{call.unary ? "unary " : "stream "} + std::string{name_of(call.status.code())});
    longest = std::max(longest, call.took);
    received.messages += call.received.messages;
    sent.messages += call.sent.messages;
    sent.bytes += call.sent.bytes;
  }
  MessageCount received;
  MessageCount sent;
  std::vector<std::string> begun;
  std::vector<std::string> ended;
  Clock::duration longest{};
};

/// Runs `body(channel, service)` against an observed server, and waits until all that began has ended.
template <class Body>
void observe(Noting& noting, Body body) {
  const auto run = [](Noting& its_noting, Body its_body) -> Task<void> {
    ProbeService service;
    Server server;
    server.add_service(service);
    server.add_observer(its_noting);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    co_await its_body(channel, service);
    while (its_noting.ended.size() < its_noting.begun.size()) co_await sleep(1ms);
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run(noting, body));
}

TEST(Observers, SeeEachKindOfEndOnce) {
  Noting noting;
  observe(noting, [](Channel& channel, ProbeService& service) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_wait_us(2000);
    order.set_count(2);
    auto download = stub.Download(order);
    while (const auto payload = co_await download.next()) continue;
    co_await stub.Unary(Order{});
    order.set_status(5);
    const auto failed = co_await stub.Unary(order).result();
    EXPECT_EQ(failed.status().code(), StatusCode::kNotFound);
    const auto late = co_await stub.Hang(Order{}, {.timeout = 20ms}).result();
    EXPECT_EQ(late.status().code(), StatusCode::kDeadlineExceeded);
    {
      order.set_count(1'000'000);
      auto left = stub.Download(order);
      const auto first = co_await left.next();
      EXPECT_TRUE(first.has_value());
    }
    const auto unknown = co_await GenericStub{channel}.unary("/a.B/C", RawMessage{}).result();
    EXPECT_EQ(unknown.status().code(), StatusCode::kUnimplemented);
    static_cast<void>(service);
  });
  EXPECT_EQ(noting.begun, (std::vector<std::string>{"/tern.test.v1.Probe/Download", "/tern.test.v1.Probe/Unary",
                                                    "/tern.test.v1.Probe/Unary", "/tern.test.v1.Probe/Hang",
                                                    "/tern.test.v1.Probe/Download", "/a.B/C"}));
  // The client's reset may be there before the server looks at the clock.
  std::ranges::replace(noting.ended, std::string{"unary CANCELLED"}, std::string{"unary DEADLINE_EXCEEDED"});
  std::ranges::sort(noting.ended);
  EXPECT_EQ(noting.ended, (std::vector<std::string>{"stream CANCELLED", "stream OK", "stream UNIMPLEMENTED",
                                                    "unary DEADLINE_EXCEEDED", "unary NOT_FOUND", "unary OK"}));
  EXPECT_GE(noting.longest, 4ms);
  EXPECT_GE(noting.received.messages, 5);  // one for each call that a handler had
  EXPECT_GE(noting.sent.messages, 4);      // two downloaded, one answered, and one of those that nobody waited for
  EXPECT_GT(noting.sent.bytes, 0);
}

class NotingClient final : public ClientObserver {
 public:
  void on_call_begun(ClientContext& context) override {
    begun.emplace_back(context.method());
    context.metadata().add("echo-initial", "from the observer");
  }
  void on_call_ended(const EndedClientCall& call) override {
    ended.push_back(std::string{name_of(call.status.code())} + " " + std::to_string(call.sent.messages) + "/" +
                    std::to_string(call.received.messages));
  }
  std::vector<std::string> begun;
  std::vector<std::string> ended;
};

TEST(Observers, OfAChannelSeeEachCallOnce) {
  NotingClient noting;
  ProbeService service;
  const auto run = [](NotingClient& its_noting, ProbeService& its_service) -> Task<void> {
    Server server;
    server.add_service(its_service);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    channel.add_observer(its_noting);
    ProbeStub stub{channel};
    CallInfo context;
    co_await stub.Unary(Order{}, {.info = &context});
    EXPECT_EQ(context.initial_metadata.get("echo-initial"), "from the observer");
    Order order;
    order.set_count(3);
    auto download = stub.Download(order);
    while (const auto payload = co_await download.next()) continue;
    const auto late = co_await stub.Hang(Order{}, {.timeout = 10ms}).result();
    EXPECT_EQ(late.status().code(), StatusCode::kDeadlineExceeded);
    {
      auto left = stub.Hang(Order{}).task();
    }  // never begun
    {
      order.set_count(1'000'000);
      auto left = stub.Download(order);
      co_await left.next();
    }
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run(noting, service));
  EXPECT_EQ(noting.begun, (std::vector<std::string>{"/tern.test.v1.Probe/Unary", "/tern.test.v1.Probe/Download",
                                                    "/tern.test.v1.Probe/Hang", "/tern.test.v1.Probe/Download"}));
  ASSERT_EQ(noting.ended.size(), 4);
  EXPECT_EQ(noting.ended[0], "OK 1/1");
  EXPECT_EQ(noting.ended[1], "OK 1/3");
  EXPECT_EQ(noting.ended[2], "DEADLINE_EXCEEDED 1/0");
  EXPECT_TRUE(noting.ended[3].starts_with("CANCELLED 1/")) << noting.ended[3];
}

class ThrowingServer final : public ServerObserver {
 public:
  explicit ThrowingServer(Thrown what) : what_(what) {}
  void on_call_begun(ServerContext& /*context*/) override { fail(); }
  void on_call_ended(const EndedCall& /*call*/) override { fail(); }
  void on_refused(const Refused& /*refused*/) override { fail(); }
  int times = 0;

 private:
  void fail() {
    ++times;
    throw_it(what_);
  }
  Thrown what_;
};

class ThrowingClient final : public ClientObserver {
 public:
  explicit ThrowingClient(Thrown what) : what_(what) {}
  void on_call_begun(ClientContext& /*context*/) override { fail(); }
  void on_call_ended(const EndedClientCall& /*call*/) override { fail(); }
  int times = 0;

 private:
  void fail() {
    ++times;
    throw_it(what_);
  }
  Thrown what_;
};

/// Ends of every kind, each seen by observers that throw and by others after them.
Task<void> make_observed_calls(Thrown what) {
  ThrowingServer throwing{what};
  ThrowingClient throwing_client{what};
  Noting noting;
  NotingClient noting_client;
  ProbeService service;
  Server server{{.max_connections = 1}};
  server.add_service(service);
  server.add_observer(throwing);
  server.add_observer(noting);
  const std::uint16_t port = server.listen("127.0.0.1:0");
  Channel channel{"127.0.0.1:" + std::to_string(port)};
  channel.add_observer(throwing_client);
  channel.add_observer(noting_client);
  ProbeStub stub{channel};
  const Result<Payload> good = co_await stub.Unary(Order{}).result();
  EXPECT_TRUE(good.ok()) << good.status().to_string();
  Order failing;
  failing.set_status(5);
  const Result<Payload> failed = co_await stub.Unary(failing).result();
  EXPECT_EQ(failed.status().code(), StatusCode::kNotFound);
  const Result<Payload> late = co_await stub.Hang(Order{}, {.timeout = 10ms}).result();
  EXPECT_EQ(late.status().code(), StatusCode::kDeadlineExceeded);
  while (noting.ended.size() < 3) co_await sleep(1ms);
  EXPECT_EQ(noting.begun.size(), 3U);
  EXPECT_EQ(noting_client.begun.size(), 3U);
  EXPECT_EQ(noting_client.ended.size(), 3U);
  EXPECT_EQ(throwing.times, 6);
  EXPECT_EQ(throwing_client.times, 6);
  RawClient refused{port};  // one connection too many
  co_await refused.write(std::string{});
  const std::string nothing = co_await refused.read_to_end();
  EXPECT_EQ(nothing, "");
  EXPECT_EQ(throwing.times, 7);
  co_await channel.close();
  co_await server.stop();
}

TEST(Observers, ChangeNothingWhenTheyThrow) {
  const CapturedLog log;
  for (const Thrown what : kAllThrown) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, name_of(what)};
    block_on(make_observed_calls(what));
  }
  EXPECT_NE(log.text().find("an observer threw an exception, which is ignored"), std::string::npos) << log.text();
}

}  // namespace
}  // namespace tern::test
