// Calls of every kind that are cancelled, dropped, timed out and cut off at random points: nothing hangs, nothing leaks
// (the sanitizers look), no handler is left behind.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr int kCalls = 1000;

/// One call that goes on until something ends it.
Task<void> endless(ProbeStub stub, int kind, CallOptions options) {
  Order order;
  order.set_count(1'000'000);
  order.set_size(1000);
  order.set_wait_us(50);
  Payload payload;
  payload.set_data(std::string(1000, 'x'));
  switch (kind) {
    case 0: {
      const Result<Payload> ignored = co_await stub.Hang(order, options).result();
      static_cast<void>(ignored);
      break;
    }
    case 1: {
      auto download = stub.Download(order, options);
      while (co_await download.read()) {
      }
      break;
    }
    case 2: {
      auto upload = stub.Upload(options);
      while (co_await upload.write(payload)) {
      }
      break;
    }
    default: {
      auto echo = stub.Echo(options);
      for (;;) {
        const bool written = co_await echo.write(payload);
        if (!written) break;
        const std::optional<Payload> back = co_await echo.read();
        if (!back) break;
      }
      break;
    }
  }
}

/// Ends it by the client's side: a cancelled job, a deadline, or the call dropped with its frames.
Task<void> disturbed(ProbeStub stub, std::uint32_t seed) {
  std::minstd_rand random{seed};
  const int kind = static_cast<int>(random() % 4);
  const std::chrono::microseconds when{random() % 3000};
  switch (random() % 3) {
    case 0:
      co_await endless(stub, kind, {.timeout = when});
      break;
    case 1:
      try {
        co_await with_timeout(when, endless(stub, kind, {}));
      } catch (const TimedOut&) {
        co_return;
      }
      break;
    default: {
      TaskGroup dropped;
      dropped.spawn(endless(stub, kind, {}));
      co_await sleep(when);
      break;
    }
  }
}

/// Several attempts at once for each call that has one request.
constexpr std::string_view kHedging = R"({"methodConfig": [{"name": [{}], "hedgingPolicy":
    {"maxAttempts": 3, "hedgingDelay": "0.0005s", "nonFatalStatusCodes": ["UNAVAILABLE"]}}]})";

void give_up_at_random_points(std::string_view service_config) {
  ProbeService service;
  with_server(
      service,
      [&](Channel& channel, Server& server) -> Task<void> {
        ProbeStub stub{channel};
        std::uint32_t seed = 1;
        for (int batch = 0; batch < kCalls / 20; ++batch) {
          TaskGroup group;
          for (int i = 0; i < 20; ++i) group.spawn(disturbed(stub, seed++));
          co_await group.join();
        }
        // On one connection, so that the server has seen the others' openings and resets before it.
        const Payload after = co_await stub.Unary(Order{});
        EXPECT_EQ(after.number(), 0);
        co_await until(service.running, 0);
        EXPECT_EQ(server.calls_in_flight(), 0U);
      },
      {.server_options = {.max_concurrent_streams = 1000}, .channel_options = {.service_config = service_config}});
}

TEST(Chaos, ClientsThatGiveUpAtRandomPoints) { give_up_at_random_points({}); }
TEST(Chaos, ClientsThatGiveUpWhileTheyHedge) { give_up_at_random_points(kHedging); }

void vanish_at_random_points(std::string_view service_config) {
  ProbeService service;
  const auto body = [](ProbeService& its_service, std::string_view its_config) -> Task<void> {
    std::minstd_rand random{7};
    auto server = std::make_unique<Server>();
    server->add_service(its_service);
    const std::string address = "127.0.0.1:" + std::to_string(server->listen("127.0.0.1:0"));
    const ChannelOptions options{.backoff = {.initial = 1ms, .maximum = 2ms}, .service_config = its_config};
    Channel channel{address, options};
    ProbeStub stub{channel};
    for (int round = 0; round < kCalls / 20; ++round) {
      TaskGroup group;
      for (int i = 0; i < 20; ++i) group.spawn(endless(stub, i % 4, {.wait_for_ready = true}));
      co_await sleep(std::chrono::microseconds{random() % 3000});
      if (random() % 2 == 0) {
        server.reset();
      } else {
        co_await server->stop({.grace = std::chrono::microseconds{random() % 1000}});
      }
      server = std::make_unique<Server>();
      server->add_service(its_service);
      server->listen(address);
      // Those that found no server before it went wait for the next one.
      group.cancel();
      try {
        co_await group.join();
      } catch (const Cancelled&) {
        ADD_FAILURE() << "nobody cancelled the test";
      }
    }
    co_await channel.close();
    co_await server->stop();
  };
  block_on(body(service, service_config));
  EXPECT_EQ(service.running, 0);
}

TEST(Chaos, ServersThatVanishAtRandomPoints) { vanish_at_random_points({}); }
TEST(Chaos, ServersThatVanishWhileClientsHedge) { vanish_at_random_points(kHedging); }

}  // namespace
}  // namespace tern::test
