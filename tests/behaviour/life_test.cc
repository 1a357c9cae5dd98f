// How long connections live: keepalive, pings too many, age, idleness; calls that are one too many; and all of it
// without a socket.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/held_time.h"
#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

Task<std::string> peer_of_call(Channel& channel) {
  ProbeStub stub{channel};
  CallInfo context;
  co_await stub.Unary(Order{}, {.wait_for_ready = true, .info = &context});
  co_return context.peer;
}

TEST(Keepalive, PingsTooManyAreAnsweredWithGoAwayAndTheClientSlowsDown) {
  ProbeService service;
  with_server_in_held_time(service,
                           [](Channel& channel, Server&) -> Task<void> {
                             ProbeStub stub{channel};
                             const Result<Payload> result = co_await stub.Hang(Order{}).result();
                             EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
                             // The next connection pings half as often, and in time not too often.
                             const Status after = co_await call(channel, {.wait_for_ready = true});
                             EXPECT_TRUE(after.ok());
                           },
                           {.channel_options = {.keepalive_time = 30s}});
}

TEST(Keepalive, WithinTheServersPolicyHoldsAConnection) {
  ProbeService service;
  with_server_in_held_time(service,
                           [](Channel& channel, Server&) -> Task<void> {
                             ProbeStub stub{channel};
                             const Result<Payload> result = co_await stub.Hang(Order{}, {.timeout = 50min}).result();
                             EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
                           },
                           {.channel_options = {.keepalive_time = 6min}});
}

TEST(MaxConnectionAge, MovesClientsToNewConnectionsWithoutLosingACall) {
  ProbeService service;
  with_server_in_held_time(service,
                           [](Channel& channel, Server&) -> Task<void> {
                             const std::string first = co_await peer_of_call(channel);
                             EXPECT_FALSE(first.empty());
                             const auto end = Clock::now() + 4h;
                             while (Clock::now() < end) {
                               const Status status = co_await call(channel, {.wait_for_ready = true});
                               EXPECT_TRUE(status.ok()) << status.to_string();
                               co_await sleep(30s);
                             }
                             const ChannelInfo info = co_await channel.inspect();
                             EXPECT_EQ(info.calls.started, info.calls.succeeded);
                           },
                           {.server_options = {.max_connection_age = 15min}});
}

TEST(MaxConnectionAge, EndsCallsAfterItsGrace) {
  ProbeService service;
  with_server_in_held_time(service,
                           [&](Channel& channel, Server&) -> Task<void> {
                             ProbeStub stub{channel};
                             const Result<Payload> result = co_await stub.Hang(Order{}).result();
                             EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
                             co_await until(service.running, 0);
                           },
                           {.server_options = {.max_connection_age = 20min, .max_connection_age_grace = 10min}});
}

TEST(Idle, TheServerEndsConnectionsWithoutCalls) {
  ProbeService service;
  with_server_in_held_time(service,
                           [](Channel& channel, Server&) -> Task<void> {
                             co_await channel.connect();
                             const ConnectivityState state =
                                 co_await channel.wait_for_state_change(ConnectivityState::kReady);
                             EXPECT_EQ(state, ConnectivityState::kIdle);
                             const Status status = co_await call(channel);
                             EXPECT_TRUE(status.ok());
                           },
                           {.server_options = {.max_connection_idle = 10min}});
}

TEST(Idle, TheClientEndsConnectionsWithoutCalls) {
  ProbeService service;
  with_server_in_held_time(service,
                           [](Channel& channel, Server&) -> Task<void> {
                             co_await channel.connect();
                             const ConnectivityState state =
                                 co_await channel.wait_for_state_change(ConnectivityState::kReady);
                             EXPECT_EQ(state, ConnectivityState::kIdle);
                             const Status status = co_await call(channel);
                             EXPECT_TRUE(status.ok());
                             // A connection with a running call is not idle.
                             ProbeStub stub{channel};
                             const Result<Payload> result = co_await stub.Hang(Order{}, {.timeout = 50min}).result();
                             EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
                           },
                           {.channel_options = {.idle_timeout = 5min}});
}

TEST(Admission, CallsOverTheLimitAreRefused) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                TaskGroup group;
                const auto hang = [](ProbeStub its_stub) -> Task<void> {
                  const Result<Payload> ignored = co_await its_stub.Hang(Order{}).result();
                  static_cast<void>(ignored);
                };
                for (int i = 0; i < 3; ++i) group.spawn(hang(stub));
                while (service.running < 3) co_await sleep(1ms);
                const Status refused = co_await call(channel);
                EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
                EXPECT_NE(refused.details().find("max_calls_in_flight"), std::string::npos);
                group.cancel();
                try {
                  co_await group.join();
                } catch (const Cancelled&) {
                  ADD_FAILURE() << "the test itself was not cancelled";
                }
                co_await until(service.running, 0);
                const Status served = co_await call(channel);
                EXPECT_TRUE(served.ok());
              },
              {.server_options = {.max_calls_in_flight = 3}});
}

Task<void> every_kind(Channel& channel) {
  ProbeStub stub{channel};
  Order order;
  order.set_count(20);
  order.set_size(1 << 20);
  const Payload large = co_await stub.Unary(order);
  EXPECT_EQ(large.data().size(), std::size_t{1} << 20);
  auto download = stub.Download(order);
  int count = 0;
  while (co_await download.next()) ++count;
  EXPECT_EQ(count, 20);
  auto upload = stub.Upload();
  for (int i = 0; i < 20; ++i) co_await upload.write(large);
  const Payload sum = co_await upload.finish();
  EXPECT_EQ(sum.number(), 20);
  auto echo = stub.Echo();
  for (int i = 0; i < 20; ++i) {
    co_await echo.write(large);
    const std::optional<Payload> back = co_await echo.next();
    EXPECT_EQ(back->data(), large.data());
  }
  const Result<Payload> hung = co_await stub.Hang(Order{}, {.timeout = 5ms}).result();
  EXPECT_EQ(hung.status().code(), StatusCode::kDeadlineExceeded);
}

TEST(InProcess, EveryKindOfCallWithoutASocket) {
  ProbeService service;
  InProcess in_process;
  const auto body = [](ProbeService& its_service, InProcess& pipe) -> Task<void> {
    Server server;
    server.add_service(its_service);
    server.listen(pipe);
    const ChannelOptions options{.in_process = &pipe};
    Channel channel{"test", options};
    co_await every_kind(channel);
    const std::string peer = co_await peer_of_call(channel);
    EXPECT_EQ(peer, "in-process");
    co_await channel.close();
    co_await server.stop();
    const Status gone = co_await call(channel);
    EXPECT_FALSE(gone.ok());
  };
  block_on(body(service, in_process));
  EXPECT_EQ(service.running, 0);
}

TEST(InProcess, BetweenThreads) {
  ProbeService service;
  InProcess in_process;
  const auto body = [](ProbeService& its_service, InProcess& pipe) -> Task<void> {
    Server server;
    server.add_service(its_service);
    server.listen(pipe);
    const auto client = [&pipe] {
      block_on([](InProcess& its_pipe) -> Task<void> {
        const ChannelOptions options{.in_process = &its_pipe};
        Channel channel{"test", options};
        co_await every_kind(channel);
        co_await channel.close();
      }(pipe));
    };
    co_await run_in_executor(client);
    co_await server.stop();
  };
  block_on(body(service, in_process));
}

TEST(InProcess, WithoutAServerSaysSo) {
  InProcess in_process;
  const auto body = [](InProcess& pipe) -> Task<void> {
    const ChannelOptions options{.in_process = &pipe};
    Channel channel{"test", options};
    const Status status = co_await call(channel);
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    EXPECT_NE(status.details().find("no server listens on this InProcess"), std::string::npos);
  };
  block_on(body(in_process));
}

}  // namespace
}  // namespace tern::test
