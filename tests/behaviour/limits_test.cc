// What a server takes of its clients has limits: each is kept, told to observers, and leaves honest clients alone.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http2/frame.h"
#include "http2/hpack_encoder.h"
#include "support/serve.h"
#include "tern/async/asio.h"
#include "tern/server/observer.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

/// What was refused, by reason.
class Refusals final : public ServerObserver {
 public:
  void on_call_begun(ServerContext& /*context*/) noexcept override {}
  void on_call_ended(const EndedCall& /*call*/) noexcept override {}
  void on_refused(const Refused& refused) noexcept override { ++counts[refused.why]; }
  std::map<Refusal, int> counts;
};

std::string frame(http2::FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(stream >> shift);
  return bytes.append(payload);
}

/// A client by hand.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : port_(port) {}

  Task<void> connect() { co_await socket_.async_connect({asio::ip::address_v4::loopback(), port_}, use_task); }
  Task<void> write(std::string bytes) {
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::as_tuple(use_task));
  }
  /// Whether the server has closed it before `limit`; what comes until then is thrown away.
  Task<bool> is_closed(std::chrono::nanoseconds limit) {
    try {
      co_await with_timeout(limit, read_to_end());
    } catch (const TimedOut&) {
      co_return false;
    }
    co_return true;
  }
  void close() { socket_.close(); }

 private:
  Task<void> read_to_end() {
    std::array<char, 1024> buffer{};
    for (;;) {
      auto [error, size] = co_await socket_.async_read_some(asio::buffer(buffer), asio::as_tuple(use_task));
      if (error && error != asio::error::operation_aborted) co_return;
      if (error) throw Cancelled{};
    }
  }
  std::uint16_t port_;
  tcp::socket socket_{Loop::require_current("a test").context()};
};

std::string greeting() { return std::string{http2::kClientPreface} + frame(http2::FrameType::kSettings, 0, 0, {}); }

/// Runs `body(port, refusals, service)` against a server with these options.
template <class Body>
void with_limits(ServerOptions options, Body body) {
  const auto run = [](ServerOptions its_options, Body its_body) -> Task<void> {
    Refusals refusals;
    ProbeService service;
    Server server{its_options};
    server.add_service(service);
    server.add_observer(refusals);
    const std::uint16_t port = server.listen("127.0.0.1:0");
    co_await its_body(port, refusals, service);
    co_await server.stop();
  };
  block_on(run(options, body));
}

TEST(Limits, WhoDoesNotGreetIsLetGo) {
  with_limits({.handshake_timeout = 100ms},
              [](std::uint16_t port, Refusals& refusals, ProbeService& /*service*/) -> Task<void> {
                Channel honest{"127.0.0.1:" + std::to_string(port)};
                co_await honest.connect();
                RawClient silent{port};
                co_await silent.connect();
                RawClient half{port};
                co_await half.connect();
                co_await half.write(std::string{http2::kClientPreface});
                const bool silent_closed = co_await silent.is_closed(10s);
                EXPECT_TRUE(silent_closed);
                const bool half_closed = co_await half.is_closed(10s);
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
                  co_await clients.back()->connect();
                  co_await clients.back()->write(greeting());
                }
                const bool third_closed = co_await clients[2]->is_closed(10s);
                EXPECT_TRUE(third_closed);
                EXPECT_EQ(refusals.counts[Refusal::kConnections], 1);
                const bool first_closed = co_await clients[0]->is_closed(20ms);
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
                co_await first.connect();
                co_await first.write(greeting());
                RawClient second{port};
                co_await second.connect();
                const bool second_closed = co_await second.is_closed(10s);
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
  const std::string prefix{'\0', '\0', '\0', '\0', static_cast<char>(message.size())};
  const std::string window{'\x7f', '\0', '\0', '\0'};
  const std::string big_window{'\0', '\x04', '\x7f', '\0', '\0', '\0'};  // SETTINGS_INITIAL_WINDOW_SIZE
  return std::string{http2::kClientPreface} + frame(http2::FrameType::kSettings, 0, 0, big_window) +
         frame(http2::FrameType::kWindowUpdate, 0, 0, window) +
         frame(http2::FrameType::kHeaders, http2::flag::kEndHeaders, 1,
               {reinterpret_cast<char*>(block.data()), block.size()}) +
         frame(http2::FrameType::kData, http2::flag::kEndStream, 1, prefix + message);
}

TEST(Limits, WhoTakesNothingIsGivenUp) {
  with_limits({.write_timeout = 100ms},
              [](std::uint16_t port, Refusals& refusals, ProbeService& service) -> Task<void> {
                RawClient lazy{port};
                co_await lazy.connect();
                co_await lazy.write(download(100'000, 100'000));
                while (refusals.counts[Refusal::kStalled] == 0) co_await sleep(1ms);
                co_await until(service.running, 0);
              });
}

/// Heeds no cancellation until it is let go.
class Deaf final : public tern::test::v1::Probe::AsyncService {
 public:
  std::atomic<int> running = 0;
  std::atomic<bool> go = false;
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override { co_return answer(order, 0); }
  Task<Payload> Hang(ServerContext& /*context*/, const Order& order) override {
    const Running counted{running};
    co_await run_in_executor([this] { go.wait(false); });
    co_return answer(order, 0);
  }
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
      co_await until(service.running, 2);
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
    co_await garbage.connect();
    co_await garbage.write("GET / HTTP/1.0\r\n\r\n-----------------");
    const bool garbage_closed = co_await garbage.is_closed(10s);
    EXPECT_TRUE(garbage_closed);
    EXPECT_EQ(refusals.counts[Refusal::kProtocol], 1);
    RawClient flood{port};
    co_await flood.connect();
    std::string pings = greeting();
    for (int i = 0; i < 30'000; ++i) pings += frame(http2::FrameType::kPriority, 0, 1, std::string(5, '\0'));
    co_await flood.write(pings);
    const bool flood_closed = co_await flood.is_closed(10s);
    EXPECT_TRUE(flood_closed);
    EXPECT_EQ(refusals.counts[Refusal::kFlood], 1);
  });
}

}  // namespace
}  // namespace tern::test
