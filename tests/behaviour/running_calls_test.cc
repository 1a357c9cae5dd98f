// inspect() shows the calls in flight.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

/// The handler waits in coroutines whose names the test looks for.
[[gnu::noinline]] Task<int> innermost_of_test() {
  co_await sleep(1h);
  co_return 1;
}
[[gnu::noinline]] Task<int> middle_of_test() {
  const int number = co_await innermost_of_test();
  co_return number + 1;
}

class WaitingService final : public v1::Probe::AsyncService {
 public:
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    if (order.text() == "limited") {
      const int number = co_await with_timeout(1h, middle_of_test());
      EXPECT_EQ(number, 0) << "was not cancelled";
    }
    if (order.text() == "executor") co_await run_in_executor([this] { held.wait(true); });
    if (order.text() == "plain") {
      const int number = co_await middle_of_test();
      EXPECT_EQ(number, 0) << "was not cancelled";
    }
    co_return Payload{};
  }
  Task<Payload> Upload(ServerContext& /*context*/, Reader<Payload>& payloads) override {
    const std::optional<Payload> payload = co_await payloads.next();
    EXPECT_FALSE(payload) << "nothing was sent";
    co_return Payload{};
  }

  std::atomic<bool> held = true;
};

Task<void> make_call(Channel& channel, std::string text, CallOptions options) {
  ProbeStub stub{channel};
  Order order;
  order.set_text(std::move(text));
  auto call = stub.Unary(order, options).result();
  const Result<Payload> result = co_await std::move(call);
  if (!result.ok()) co_return;
}

Task<void> make_upload(Channel& channel) {
  ProbeStub stub{channel};
  auto call = stub.Upload();
  co_await call.initial_metadata();
}

/// Asks until as many calls stand at an await.
Task<std::vector<RunningCall>> running_calls(Server& server, std::size_t count) {
  for (;;) {
    ServerInfo info = co_await server.inspect();
    const auto waits = [](const RunningCall& call) { return !call.awaits.empty(); };
    if (info.running.size() == count && std::ranges::all_of(info.running, waits)) co_return info.running;
    co_await sleep(1ms);
  }
}

bool has_line(const std::vector<std::string>& lines, const std::string& part) {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(RunningCalls, AreShownWithWhatTheyAwaitAndTheirCoroutines) {
  struct Case {
    std::string text;
    std::string awaits;
    std::vector<std::string> coroutines;
  };
  const std::vector<Case> cases{
      {"plain", "sleep", {"innermost_of_test()", "middle_of_test()", "WaitingService::Unary("}},
      {"limited", "sleep", {"innermost_of_test()", "middle_of_test()", "WaitingService::Unary("}},
      {"executor", "run_in_executor", {"WaitingService::Unary("}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.text);
    WaitingService service;
    with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
      return [](Channel& its_channel, Server& its_server, const Case& expected,
                WaitingService& its_service) -> Task<void> {
        TaskGroup group;
        group.spawn(make_call(its_channel, expected.text, {.timeout = 1h}));
        const std::vector<RunningCall> calls = co_await running_calls(its_server, 1);
        const RunningCall& call = calls.front();
        EXPECT_EQ(call.method, "/tern.test.v1.Probe/Unary");
        EXPECT_TRUE(call.peer.starts_with("ipv4:127.0.0.1:")) << call.peer;
        EXPECT_EQ(call.awaits, expected.awaits);
        EXPECT_FALSE(call.cancelled);
        EXPECT_TRUE(call.deadline.has_value());
        if (call.deadline) {
          EXPECT_GT(*call.deadline, Clock::now() + 30min);
        }
        EXPECT_TRUE(call.started.has_value());
        if (call.started) {
          EXPECT_LT(WallClock::now() - *call.started, 1min);
        }
        const std::vector<std::string> coroutines =
            co_await run_in_executor([&call] { return call.stack.coroutines(); });
        for (const std::string& part : expected.coroutines) {
          EXPECT_TRUE(has_line(coroutines, part)) << part << " in " << testing::PrintToString(coroutines);
        }
        its_service.held = false;
        its_service.held.notify_all();
        group.cancel();
        co_await group.join();
      }(channel, server, each, service);
    });
  }
}

TEST(RunningCalls, AwaitMessagesOfTheirClients) {
  WaitingService service;
  with_server(service, [](Channel& channel, Server& server) -> Task<void> {
    TaskGroup group;
    group.spawn(make_upload(channel));
    const std::vector<RunningCall> calls = co_await running_calls(server, 1);
    EXPECT_EQ(calls.front().method, "/tern.test.v1.Probe/Upload");
    EXPECT_EQ(calls.front().awaits, "a message of the peer");
    EXPECT_FALSE(calls.front().deadline);
    group.cancel();
    co_await group.join();
  });
}

TEST(RunningCalls, ShowWhetherAClientAwaitsTheServerOrAConnection) {
  WaitingService service;
  with_server(service, [](Channel& channel, Server& server) -> Task<void> {
    Channel nowhere{"unix:/nowhere/at/all"};
    TaskGroup group;
    group.spawn(make_call(channel, "plain", {}));
    group.spawn(make_call(nowhere, "plain", {.timeout = 1h, .wait_for_ready = true}));
    co_await running_calls(server, 1);
    const ChannelInfo there = co_await channel.inspect();
    const ChannelInfo not_there = co_await nowhere.inspect();
    EXPECT_EQ(there.running.size(), 1U);
    EXPECT_EQ(not_there.running.size(), 1U);
    for (const RunningCall& call : there.running) {
      EXPECT_EQ(call.method, "/tern.test.v1.Probe/Unary");
      EXPECT_EQ(call.awaits, "the server");
      EXPECT_TRUE(call.peer.starts_with("ipv4:127.0.0.1:")) << call.peer;
      EXPECT_FALSE(call.deadline);
    }
    for (const RunningCall& call : not_there.running) {
      EXPECT_EQ(call.method, "/tern.test.v1.Probe/Unary");
      EXPECT_EQ(call.awaits, "a connection");
      EXPECT_EQ(call.peer, "");
      EXPECT_TRUE(call.deadline.has_value());
    }
    group.cancel();
    co_await group.join();
    co_await nowhere.close();
  });
}

TEST(RunningCalls, AreLeftOutWhereOnlyCountsAreWanted) {
  WaitingService service;
  with_server(service, [](Channel& channel, Server& server) -> Task<void> {
    TaskGroup group;
    group.spawn(make_call(channel, "plain", {}));
    co_await running_calls(server, 1);
    const ServerInfo info = co_await server.inspect(Inspect::kCounts);
    EXPECT_EQ(info.calls.started, 1U);
    EXPECT_TRUE(info.running.empty());
    const ChannelInfo channel_info = co_await channel.inspect(Inspect::kCounts);
    EXPECT_EQ(channel_info.calls.started, 1U);
    EXPECT_TRUE(channel_info.running.empty());
    group.cancel();
    co_await group.join();
  });
}

}  // namespace
}  // namespace tern::test
