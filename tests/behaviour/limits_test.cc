// What a server takes of its clients has limits: each is kept, told to observers, and leaves honest clients alone.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http2/hpack_encoder.h"
#include "support/frames.h"
#include "support/raw_client.h"
#include "support/serve.h"
#include "tern/server/observer.h"
#include "tern/testing/time.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using namespace http2::test;  // frames by hand

/// What was refused, by reason.
class Refusals final : public ServerObserver {
 public:
  void on_call_begun(ServerContext& /*context*/) override {}
  void on_call_ended(const EndedCall& /*call*/) override {}
  void on_refused(const Refused& refused) override { ++counts[refused.why]; }
  std::map<Refusal, int> counts;
};

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// Whether the server closes it before `limit`.
Task<bool> is_closed(RawClient& client, std::chrono::nanoseconds limit) {
  bool closed = true;
  try {
    co_await with_timeout(limit, client.read_to_end());
  } catch (const TimedOut&) {
    closed = false;
  }
  co_return closed;
}

/// The server may close it meanwhile.
Task<void> write_what_is_taken(RawClient& client, std::string bytes) {
  try {
    co_await client.write(std::move(bytes));
  } catch (const boost::system::system_error& error) {
    EXPECT_NE(error.code(), boost::asio::error::operation_aborted);
  }
}

std::string greeting() { return std::string{http2::kClientPreface} + text_of(settings()); }

template <class Body>
Task<void> serve_with_limits(ServerOptions options, Body body) {
  Refusals refusals;
  ProbeService service;
  Server server{options};
  server.add_service(service);
  server.add_observer(refusals);
  const std::uint16_t port = server.listen("127.0.0.1:0");
  co_await body(port, refusals, service);
  co_await server.stop();
}

/// Runs `body(port, refusals, service)` against a server with these options.
template <class Body>
void with_limits(ServerOptions options, Body body) {
  block_on(serve_with_limits(options, body));
}

/// As with_limits(), in a time that moves by itself as soon as nothing else is left to do.
template <class Body>
void with_limits_in_held_time(ServerOptions options, Body body) {
  const auto run = [](ServerOptions its_options, Body its_body) -> Task<void> {
    const tern::testing::Time time{{.automatic = true}};
    co_await serve_with_limits(its_options, its_body);
  };
  block_on(run(options, body));
}

TEST(Limits, WhoDoesNotGreetIsLetGo) {
  with_limits_in_held_time({}, [](std::uint16_t port, Refusals& refusals, ProbeService& /*service*/) -> Task<void> {
    Channel honest{"127.0.0.1:" + std::to_string(port)};
    co_await honest.connect();
    RawClient silent{port};
    co_await silent.write({});
    RawClient half{port};
    co_await half.write(std::string{http2::kClientPreface});
    const bool silent_closed = co_await is_closed(silent, 1h);
    EXPECT_TRUE(silent_closed);
    const bool half_closed = co_await is_closed(half, 1h);
    EXPECT_TRUE(half_closed);
    EXPECT_EQ(refusals.counts[Refusal::kHandshake], 2);
    EXPECT_EQ(honest.state(), ConnectivityState::kReady);
    const Status status = co_await call(honest);
    EXPECT_TRUE(status.ok());
    co_await honest.close();
  });
}

TEST(Limits, ConnectionsInAll) {
  with_limits({.max_connections = 2},
              [](std::uint16_t port, Refusals& refusals, ProbeService& /*service*/) -> Task<void> {
                std::vector<std::unique_ptr<RawClient>> clients;
                for (int i = 0; i < 3; ++i) {
                  clients.push_back(std::make_unique<RawClient>(port));
                  co_await write_what_is_taken(*clients.back(), greeting());
                }
                const bool third_closed = co_await is_closed(*clients[2], 10s);
                EXPECT_TRUE(third_closed);
                EXPECT_EQ(refusals.counts[Refusal::kConnections], 1);
                const bool first_closed = co_await is_closed(*clients[0], 20ms);
                EXPECT_FALSE(first_closed);
                clients[0]->close();
                // Its place is free when the server has seen that it left.
                Channel next{"127.0.0.1:" + std::to_string(port)};
                const Status status = co_await call(next, {.timeout = 10s, .wait_for_ready = true});
                EXPECT_TRUE(status.ok()) << status.to_string();
                co_await next.close();
              });
}

TEST(Limits, ConnectionsFromOneAddress) {
  with_limits({.max_connections_per_address = 1},
              [](std::uint16_t port, Refusals& refusals, ProbeService& /*service*/) -> Task<void> {
                RawClient first{port};
                co_await first.write(greeting());
                RawClient second{port};
                co_await second.write({});
                const bool second_closed = co_await is_closed(second, 10s);
                EXPECT_TRUE(second_closed);
                EXPECT_EQ(refusals.counts[Refusal::kConnections], 1);
              });
}

/// Asks for `count` messages of `size` bytes and takes whatever comes: windows without end.
std::string download(int count, int size) {
  Order order;
  order.set_count(count);
  order.set_size(size);
  const std::string message = order.SerializeAsString();
  http2::HpackEncoder encoder;
  std::vector<std::uint8_t> block;
  const std::array<http2::HeaderField, 6> fields{{{":method", "POST"},
                                                  {":scheme", "http"},
                                                  {":path", "/tern.test.v1.Probe/Download"},
                                                  {":authority", "test"},
                                                  {"content-type", "application/grpc"},
                                                  {"te", "trailers"}}};
  encoder.encode(fields, block);
  Bytes body = Bytes{0} + u32(static_cast<std::uint32_t>(message.size()));
  body.insert(body.end(), message.begin(), message.end());
  return std::string{http2::kClientPreface} +
         text_of(settings(setting(http2::SettingId::kInitialWindowSize, 0x7f000000)) + window_update(0, 0x7f000000) +
                 frame(http2::FrameType::kHeaders, http2::flag::kEndHeaders, 1, block) +
                 frame(http2::FrameType::kData, http2::flag::kEndStream, 1, body));
}

TEST(Limits, WhoTakesNothingIsGivenUp) {
  with_limits_in_held_time({}, [](std::uint16_t port, Refusals& refusals, ProbeService& service) -> Task<void> {
    RawClient lazy{port};
    co_await lazy.write(download(100'000, 100'000));
    while (refusals.counts[Refusal::kStalled] == 0) co_await sleep(1s);
    co_await until(service.running, 0);
  });
}

/// Heeds no cancellation until it is let go.
class Deaf final : public tern::test::v1::Probe::AsyncService {
 public:
  std::atomic<int> running = 0;
  std::atomic<int> deaf = 0;  // of them, those that cannot be cancelled any more
  std::atomic<bool> go = false;
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override { co_return answer(order, 0); }
  Task<Payload> Hang(ServerContext& /*context*/, const Order& order) override {
    const Running counted{running};
    co_await run_in_executor(workers_, [this] {
      const Running waiting{deaf};
      go.wait(false);
    });
    co_return answer(order, 0);
  }

 private:
  Executor workers_{2};
};

Task<void> hang(Channel& channel) { co_await ProbeStub{channel}.Hang(Order{}); }

TEST(Limits, ACallThatWasResetCountsUntilItsHandlerHasEnded) {
  const auto run = []() -> Task<void> {
    Refusals refusals;
    Deaf service;
    Server server{{.max_concurrent_streams = 2}};
    server.add_service(service);
    server.add_observer(refusals);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    {
      TaskGroup left;
      for (int i = 0; i < 2; ++i) left.spawn(hang(channel));
      co_await until(service.deaf, 2);
    }
    const Status refused = co_await call(channel);
    EXPECT_EQ(refused.code(), StatusCode::kUnavailable) << refused.to_string();
    EXPECT_GE(refusals.counts[Refusal::kStreams], 1);
    service.go = true;
    service.go.notify_all();
    co_await until(service.running, 0);
    const Status served = co_await call(channel);
    EXPECT_TRUE(served.ok()) << served.to_string();
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run());
}

TEST(Limits, WhatIsAgainstTheRulesIsTold) {
  with_limits({}, [](std::uint16_t port, Refusals& refusals, ProbeService& /*service*/) -> Task<void> {
    RawClient garbage{port};
    co_await garbage.write("GET / HTTP/1.0\r\n\r\n-----------------");
    const bool garbage_closed = co_await is_closed(garbage, 10s);
    EXPECT_TRUE(garbage_closed);
    EXPECT_EQ(refusals.counts[Refusal::kProtocol], 1);
    RawClient flood{port};
    const Bytes priority = frame(http2::FrameType::kPriority, 0, 1, Bytes(5));
    std::string flooding = greeting();
    for (int i = 0; i < 30'000; ++i) flooding += text_of(priority);
    co_await write_what_is_taken(flood, std::move(flooding));
    const bool flood_closed = co_await is_closed(flood, 10s);
    EXPECT_TRUE(flood_closed);
    EXPECT_EQ(refusals.counts[Refusal::kFlood], 1);
  });
}

}  // namespace
}  // namespace tern::test
