// Calls that find all streams of a server taken (SETTINGS_MAX_CONCURRENT_STREAMS): more connections (gRFC A105).
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/fleet.h"
#include "tern/async/task_group.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

Task<void> hang_on(Channel& channel, int& ended) {
  ProbeStub stub{channel};
  const Result<Payload> result = co_await stub.Hang(Order{}, {.wait_for_ready = true}).result();
  static_cast<void>(result);
  ++ended;
}

/// The channel's connections, on all loops.
Task<std::vector<ConnectionInfo>> connections_of(Channel& channel) {
  const ChannelInfo info = co_await channel.inspect();
  std::vector<ConnectionInfo> all;
  for (const SubchannelInfo& subchannel : info.subchannels) {
    all.insert(all.end(), subchannel.connections.begin(), subchannel.connections.end());
  }
  co_return all;
}

struct FewStreams {
  explicit FewStreams(std::uint32_t streams, ServerOptions options = {}) {
    options.max_concurrent_streams = streams;
    server = std::make_unique<Server>(options);
    server->add_service(service);
    address = "127.0.0.1:" + std::to_string(server->listen("127.0.0.1:0"));
  }
  ProbeService service;
  std::unique_ptr<Server> server;
  std::string address;
};

TEST(MoreConnections, CarryAThousandCallsAtOnce) {
  run_test([]() -> Task<void> {
    FewStreams few{100};
    Channel channel{few.address};
    int ended = 0;
    TaskGroup group;
    for (int i = 0; i < 1000; ++i) group.spawn(hang_on(channel, ended));
    co_await until(few.service.running, 1000);
    const std::vector<ConnectionInfo> connections = co_await connections_of(channel);
    EXPECT_EQ(connections.size(), 10U);
    for (const ConnectionInfo& connection : connections) EXPECT_EQ(connection.streams_started, 100U);
    EXPECT_EQ(ended, 0);
    group.cancel();
    co_await channel.close();
    co_await few.server->stop();
  });
}

/// So many calls of which so many may run at once: the others have their turn when those end.
Task<void> expect_turns(std::uint32_t streams, int calls, int at_once, std::size_t most, std::string_view config) {
  FewStreams few{streams};
  const ChannelOptions options{.max_connections_per_server = most, .service_config = config};
  Channel channel{few.address, options};
  int ended = 0;
  TaskGroup group;
  for (int i = 0; i < calls; ++i) group.spawn(hang_on(channel, ended));
  co_await until(few.service.running, at_once);
  const std::vector<ConnectionInfo> connections = co_await connections_of(channel);
  EXPECT_EQ(connections.size(), static_cast<std::size_t>(at_once) / streams) << config;
  // Those beyond the limit would have come in the same write.
  EXPECT_EQ(few.service.begun, at_once);
  group.cancel();
  std::vector<Task<Status>> then;
  for (int i = 0; i < calls; ++i) then.push_back(call(channel));
  for (const Status& status : co_await gather(std::move(then))) EXPECT_TRUE(status.ok()) << status.to_string();
  co_await channel.close();
  co_await few.server->stop();
}

TEST(MoreConnections, AreLimitedByTheChannel) {
  block_on(expect_turns(2, 10, 2, 1, ""));
  block_on(expect_turns(2, 10, 6, 3, ""));
  block_on(expect_turns(1, 20, 10, 10, ""));
}

TEST(MoreConnections, AreLimitedByTheServiceConfig) {
  block_on(expect_turns(2, 10, 4, 10, R"({"connectionScaling": {"maxConnectionsPerSubchannel": 2}})"));
  block_on(expect_turns(2, 10, 6, 3, R"({"connectionScaling": {"maxConnectionsPerSubchannel": 100}})"));
}

TEST(MoreConnections, AreClosedWhenTheyIdle) {
  run_test([]() -> Task<void> {
    FewStreams few{1};
    const ChannelOptions options{.idle_timeout = 20ms};
    Channel channel{few.address, options};
    int ended = 0;
    TaskGroup first;
    first.spawn(hang_on(channel, ended));
    co_await until(few.service.running, 1);
    TaskGroup peak;
    for (int i = 0; i < 3; ++i) peak.spawn(hang_on(channel, ended));
    co_await until(few.service.running, 4);
    std::vector<ConnectionInfo> connections = co_await connections_of(channel);
    EXPECT_EQ(connections.size(), 4U);
    peak.cancel();
    while (connections.size() > 1) {
      co_await sleep(1ms);
      connections = co_await connections_of(channel);
    }
    EXPECT_EQ(few.service.running, 1) << "the call on the first one goes on";
    EXPECT_EQ(channel.state(), ConnectivityState::kReady);
    first.cancel();
    co_await channel.close();
    co_await few.server->stop();
  });
}

TEST(MoreConnections, AreNotOpenedForCallsThatFindAStream) {
  run_test([]() -> Task<void> {
    FewStreams few{2};
    Channel channel{few.address};
    for (int i = 0; i < 20; ++i) {
      const auto [one, other] = co_await gather(call(channel), call(channel));
      EXPECT_TRUE(one.ok());
      EXPECT_TRUE(other.ok());
    }
    const std::vector<ConnectionInfo> connections = co_await connections_of(channel);
    EXPECT_EQ(connections.size(), 1U);
    co_await channel.close();
    co_await few.server->stop();
  });
}

TEST(MoreConnections, LoseNoCallThatWaitsWhenTheServerIsLost) {
  run_test([]() -> Task<void> {
    FewStreams lost{1};
    FewStreams other{100};
    const ChannelOptions options{.backoff = kQuick, .max_connections_per_server = 2};
    Channel channel{"ipv4:" + lost.address + "," + other.address, options};
    int ended = 0;
    TaskGroup group;
    for (int i = 0; i < 2; ++i) group.spawn(hang_on(channel, ended));
    co_await until(lost.service.running, 2);
    std::vector<Task<Status>> calls;
    for (int i = 0; i < 5; ++i) calls.push_back(call(channel, {.timeout = 30s, .wait_for_ready = true}));
    const auto lose = [](FewStreams& server) -> Task<void> {
      server.server.reset();
      co_return;
    };
    const auto [statuses, done] = co_await gather(gather(std::move(calls)), lose(lost));
    for (const Status& status : statuses) EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(other.service.begun, 5);
    EXPECT_EQ(ended, 2);
    co_await channel.close();
    co_await other.server->stop();
  });
}

TEST(MoreConnections, LeaveOutACallThatGivesUpWaiting) {
  run_test([]() -> Task<void> {
    FewStreams few{1};
    const ChannelOptions options{.max_connections_per_server = 2};
    Channel channel{few.address, options};
    int ended = 0;
    TaskGroup group;
    for (int i = 0; i < 2; ++i) group.spawn(hang_on(channel, ended));
    co_await until(few.service.running, 2);
    const Status late = co_await call(channel, {.timeout = 10ms});
    EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(few.service.begun, 2);
    group.cancel();
    const Status next = co_await call(channel);
    EXPECT_TRUE(next.ok());
    co_await channel.close();
    co_await few.server->stop();
  });
}

}  // namespace
}  // namespace tern::test
