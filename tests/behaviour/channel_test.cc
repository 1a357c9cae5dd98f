// A channel and its servers: finding them, spreading calls over them, losing them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/fleet.h"
#include "tern/async/task_group.h"
#include "tern/client/generic_stub.h"
#include "tern/client/resolver.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

TEST(RoundRobin, SpreadsCallsEvenly) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    for (int i = 0; i < 3; ++i) fleet.add();
    const ChannelOptions options{.round_robin = true};
    Channel channel{fleet.list(), options};
    const Status first = co_await call(channel);
    EXPECT_TRUE(first.ok());
    // The others connect meanwhile.
    for (int calls = 0; calls < 10'000; ++calls) {
      if (std::all_of(fleet.members.begin(), fleet.members.end(), [](const auto& m) { return m->service.begun > 0; }))
        break;
      co_await make_call(channel);
    }
    for (const auto& member : fleet.members) member->service.begun = 0;
    for (int i = 0; i < 300; ++i) {
      const Status status = co_await call(channel);
      EXPECT_TRUE(status.ok());
    }
    for (const auto& member : fleet.members) EXPECT_EQ(member->service.begun, 100);
    co_await channel.close();
  });
}

TEST(RoundRobin, GoesOnWithoutAServerThatIsLost) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    fleet.add();
    const ChannelOptions options{.backoff = kQuick, .round_robin = true};
    Channel channel{fleet.list(), options};
    while (fleet.members[0]->service.begun == 0 || fleet.members[1]->service.begun == 0) co_await make_call(channel);
    const std::string address = fleet.members[0]->address;
    Fleet::crash(*fleet.members[0]);
    int failed = 0;
    for (int i = 0; i < 100; ++i) {
      const Status status = co_await call(channel);
      if (!status.ok()) ++failed;
    }
    EXPECT_LE(failed, 1) << "at most the one that met the loss";
    Fleet::start(*fleet.members[0], address);
    fleet.members[0]->service.begun = 0;
    while (fleet.members[0]->service.begun == 0) {
      const Status status = co_await call(channel);
      EXPECT_TRUE(status.ok());
    }
    co_await channel.close();
  });
}

TEST(PickFirst, TakesTheFirstThatAnswers) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& away = fleet.add();
    const std::string address = away.address;
    Fleet::crash(away);
    fleet.add();
    fleet.add();
    Channel channel{fleet.list()};
    for (int i = 0; i < 10; ++i) {
      const Status status = co_await call(channel);
      EXPECT_TRUE(status.ok());
    }
    EXPECT_EQ(fleet.members[1]->service.begun, 10);
    EXPECT_EQ(fleet.members[2]->service.begun, 0);
    // That one is lost: the next.
    Fleet::crash(*fleet.members[1]);
    co_await make_call(channel);
    const Status status = co_await call(channel);
    EXPECT_TRUE(status.ok());
    EXPECT_GE(fleet.members[2]->service.begun, 1);
    co_await channel.close();
  });
}

class Registry final : public Resolver {
 public:
  AsyncGenerator<Resolution> resolve(std::string_view target) override {
    ++times;
    asked_for = target;
    co_await sleep(takes);
    if (fails > 0) {
      --fails;
      throw std::runtime_error("the registry is away");
    }
    co_yield known;
  }
  Resolution known;
  std::string asked_for;
  std::chrono::milliseconds takes = 1ms;
  int times = 0;
  int fails = 0;
};

Task<void> tick(int& ticks) {
  for (;;) {
    co_await sleep(1ms);
    ++ticks;
  }
}

enum class Failing { kServerIsAway, kChannelIsClosed, kDeadlineHasPassed, kRequestIsTooLong };
/// How the program makes the call, and learns of its end.
enum class Way { kUnary, kRead, kStatus, kInitialMetadata, kWrite, kFinish, kGeneric };

Task<void> fail_once(Channel& channel, Way way, const Order& order, CallOptions options) {
  ProbeStub stub{channel};
  Payload payload;
  payload.set_text(order.text());
  bool failed = true;
  if (way == Way::kUnary) {
    const Result<Payload> result = co_await stub.Unary(order, options).result();
    failed = !result.ok();
  } else if (way == Way::kRead) {
    auto download = stub.Download(order, options);
    const std::optional<Payload> none = co_await download.read();
    failed = !none;
  } else if (way == Way::kStatus) {
    auto download = stub.Download(order, options);
    const Status status = co_await download.status();
    failed = !status.ok();
  } else if (way == Way::kInitialMetadata) {
    auto download = stub.Download(order, options);
    co_await download.initial_metadata();
  } else if (way == Way::kWrite) {
    auto echo = stub.Echo(options);
    const bool written = co_await echo.write(payload);
    failed = !written;
  } else if (way == Way::kFinish) {
    auto upload = stub.Upload(options);
    const bool written = co_await upload.write(payload);
    const Result<Payload> result = co_await upload.result();
    failed = !written && !result.ok();
  } else {
    auto stream = GenericStub{channel}.stream("/tern.test.v1.Probe/Echo", options);
    RawMessage raw;
    raw.bytes = order.text();
    const bool written = co_await stream.write(raw);
    failed = !written;
  }
  EXPECT_TRUE(failed);
}

/// Until the loop has come round some times: for ever, should calls that fail at once keep it.
Task<void> call_without_a_pause(Failing why, Way way) {
  const ChannelOptions options{.max_send_message_length = 10};
  Channel channel{"127.0.0.1:1", options};
  if (why == Failing::kChannelIsClosed) co_await channel.close();
  Order order;
  if (why == Failing::kRequestIsTooLong) order.set_text(std::string(100, 'x'));
  const CallOptions call_options{.timeout = why == Failing::kDeadlineHasPassed ? std::chrono::nanoseconds{0}
                                                                               : std::chrono::nanoseconds{60s}};
  int ticks = 0;
  TaskGroup group;
  group.spawn(tick(ticks));
  while (ticks < 5) co_await fail_once(channel, way, order, call_options);
  group.cancel();
}

TEST(CallsThatFailAtOnce, LeaveTheLoopItsTurns) {
  for (const Failing why :
       {Failing::kServerIsAway, Failing::kChannelIsClosed, Failing::kDeadlineHasPassed, Failing::kRequestIsTooLong}) {
    for (const Way way :
         {Way::kUnary, Way::kRead, Way::kStatus, Way::kInitialMetadata, Way::kWrite, Way::kFinish, Way::kGeneric}) {
      const ::testing::ScopedTrace trace{
          __FILE__, __LINE__,
          std::to_string(static_cast<int>(why)) + " in the way " + std::to_string(static_cast<int>(way))};
      block_on(call_without_a_pause(why, way));
    }
  }
}

/// Goes on with a call that has ended as if it had not.
Task<void> use_an_ended_call(bool reads) {
  Channel channel{"127.0.0.1:1"};
  co_await channel.close();
  ProbeStub stub{channel};
  auto echo = stub.Echo();
  int ticks = 0;
  TaskGroup group;
  group.spawn(tick(ticks));
  const Payload payload;
  while (ticks < 5) {
    if (reads) {
      const std::optional<Payload> none = co_await echo.read();
      EXPECT_FALSE(none);
    } else {
      const bool written = co_await echo.write(payload);
      EXPECT_FALSE(written);
    }
  }
  group.cancel();
}

TEST(CallsThatHaveEnded, LeaveTheLoopItsTurns) {
  block_on(use_an_ended_call(true));
  block_on(use_an_ended_call(false));
}

TEST(Resolver, WhoseServiceConfigSaysNothingOfBalancingLeavesIt) {
  run_test([]() -> Task<void> {
    for (const char* config :
         {"", "{}", R"({"methodConfig": [{"name": [{}], "timeout": "50s"}]})",
          R"({"loadBalancingConfig": [{"round_robin": {}}]})", R"({"loadBalancingConfig": [{"pick_first": {}}]})"}) {
      const bool spread = std::string_view{config}.find("pick_first") == std::string_view::npos;
      Fleet fleet;
      fleet.add();
      fleet.add();
      Registry registry;
      registry.known = {.servers = {fleet.members[0]->address, fleet.members[1]->address}, .service_config = config};
      const ChannelOptions options{.resolver = &registry, .round_robin = true};
      Channel channel{"users", options};
      int calls = 0;
      while (fleet.members[1]->service.begun == 0 && ++calls < 2000) co_await make_call(channel);
      EXPECT_EQ(fleet.members[1]->service.begun > 0, spread) << config;
      co_await channel.close();
    }
  });
}

TEST(Resolver, WhoseServiceConfigIsWrongLeavesTheLastOne) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& first = fleet.add();
    Fleet::Member& second = fleet.add();
    Registry registry;
    registry.known = {.servers = {first.address},
                      .service_config = R"({"methodConfig": [{"name": [{}], "maxRequestMessageBytes": 0}]})"};
    const ChannelOptions options{
        .backoff = kQuick, .resolver = &registry, .min_time_between_resolutions = std::chrono::nanoseconds{0}};
    Channel channel{"users", options};
    Status status = co_await call(channel, {.timeout = 30s, .wait_for_ready = true});
    EXPECT_TRUE(status.ok()) << "an empty request is not too long: " << status.to_string();
    registry.known = {.servers = {second.address}, .service_config = "{"};
    Fleet::crash(first);
    while (second.service.begun == 0) co_await make_call(channel, {.timeout = 30s, .wait_for_ready = true});
    ProbeStub stub{channel};
    Order order;
    order.set_number(1);
    const Result<Payload> limited = co_await stub.Unary(order, {.timeout = 30s}).result();
    EXPECT_EQ(limited.status().code(), StatusCode::kResourceExhausted) << "the config that was right goes on";
    co_await channel.close();
  });
}

TEST(Resolvers, FindServersAndTheirConfiguration) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    Registry registry;
    registry.known.servers = {fleet.members[0]->address};
    registry.known.service_config = R"({"methodConfig": [{"name": [{}], "timeout": "0.02s"}]})";
    const ChannelOptions options{.resolver = &registry};
    Channel channel{"registry:///users", options};
    const Status status = co_await call(channel);
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(registry.asked_for, "registry:///users");
    ProbeStub stub{channel};
    const Result<Payload> hung = co_await stub.Hang(Order{}).result();
    EXPECT_EQ(hung.status().code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(registry.times, 1);
    co_await channel.close();
  });
}

TEST(Resolvers, ThatFailSaySoAndAreAskedAgain) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    Registry registry;
    registry.known.servers = {fleet.members[0]->address};
    registry.fails = 3;
    const ChannelOptions options{.backoff = kQuick, .resolver = &registry};
    Channel channel{"users", options};
    const Status failed = co_await call(channel);
    EXPECT_EQ(failed, (Status{StatusCode::kUnavailable, "the registry is away"}));
    const Status waited = co_await call(channel, {.wait_for_ready = true});
    EXPECT_TRUE(waited.ok());
    EXPECT_EQ(registry.times, 4);
    co_await channel.close();
  });
}

TEST(Resolvers, ThatHangLeaveCallsTheirDeadline) {
  run_test([]() -> Task<void> {
    Registry registry;
    registry.takes = 1h;
    const ChannelOptions options{.resolver = &registry};
    Channel channel{"users", options};
    const Status late = co_await call(channel, {.timeout = 20ms, .wait_for_ready = true});
    EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
    co_await channel.close();
  });
}

TEST(Resolvers, AreAskedAgainWhenServersMove) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    fleet.add();
    Registry registry;
    registry.known.servers = {fleet.members[0]->address};
    const ChannelOptions options{
        .backoff = kQuick, .resolver = &registry, .min_time_between_resolutions = 1ms, .round_robin = true};
    Channel channel{"users", options};
    co_await make_call(channel);
    registry.known.servers = {fleet.members[1]->address};
    co_await sleep(2ms);
    Fleet::crash(*fleet.members[0]);
    const Status status = co_await call(channel, {.wait_for_ready = true});
    if (!status.ok()) co_await make_call(channel, {.wait_for_ready = true});
    EXPECT_EQ(fleet.members[1]->service.begun, 1);
    co_await channel.close();
  });
}

TEST(WaitForReady, WaitsForAServerThatIsAway) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const std::string address = member.address;
    Fleet::crash(member);
    const ChannelOptions options{.backoff = kQuick};
    Channel channel{address, options};
    const Status at_once = co_await call(channel);
    EXPECT_EQ(at_once.code(), StatusCode::kUnavailable);
    const Status late = co_await call(channel, {.timeout = 30ms, .wait_for_ready = true});
    EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
    TaskGroup group;
    Status waited{StatusCode::kUnknown};
    const auto wait = [](Channel& its_channel, Status& its_status) -> Task<void> {
      its_status = co_await call(its_channel, {.wait_for_ready = true});
    };
    group.spawn(wait(channel, waited));
    co_await sleep(20ms);
    Fleet::start(member, address);
    co_await group.join();
    EXPECT_TRUE(waited.ok());
    co_await channel.close();
  });
}

TEST(Connectivity, IsWatched) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const std::string address = member.address;
    const ChannelOptions options{.backoff = {.initial = 10s}};
    Channel channel{address, options};
    EXPECT_EQ(channel.state(), ConnectivityState::kIdle);
    std::vector<ConnectivityState> seen;
    const auto watch = [](Channel& its_channel, std::vector<ConnectivityState>& states) -> Task<void> {
      ConnectivityState state = its_channel.state();
      while (state != ConnectivityState::kShutdown) {
        state = co_await its_channel.wait_for_state_change(state);
        states.push_back(state);
      }
    };
    TaskGroup group;
    group.spawn(watch(channel, seen));
    co_await channel.connect();
    EXPECT_EQ(channel.state(), ConnectivityState::kReady);
    Fleet::crash(member);
    co_await channel.wait_for_state_change(ConnectivityState::kReady);
    EXPECT_EQ(channel.state(), ConnectivityState::kIdle);
    bool refused = false;
    try {
      co_await channel.connect();
    } catch (const RpcError& error) {
      refused = error.code() == StatusCode::kUnavailable;
    }
    EXPECT_TRUE(refused);
    EXPECT_EQ(channel.state(), ConnectivityState::kTransientFailure);
    // Until the backoff has passed nothing is tried, unless somebody says so.
    Fleet::start(member, address);
    const Status in_backoff = co_await call(channel);
    EXPECT_EQ(in_backoff.code(), StatusCode::kUnavailable);
    channel.reset_backoff();
    const Status after = co_await call(channel);
    EXPECT_TRUE(after.ok());
    co_await channel.close();
    co_await group.join();
    // Whoever watches sees the states that last, not each in between.
    EXPECT_EQ(std::count(seen.begin(), seen.end(), ConnectivityState::kReady), 2);
    EXPECT_EQ(seen.back(), ConnectivityState::kShutdown);
    const auto same = co_await channel.wait_for_state_change(ConnectivityState::kShutdown, Clock::now());
    EXPECT_EQ(same, ConnectivityState::kShutdown);
  });
}

Task<Status> hang_until_it_ends(Channel& channel) {
  ProbeStub stub{channel};
  const Result<Payload> result = co_await stub.Hang(Order{}).result();
  co_return result.status();
}

TEST(ConnectionLost, EndsEveryCallOnceWithUnavailable) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const ChannelOptions options{.backoff = kQuick, .max_connections_per_server = 1};
    Channel channel{member.address, options};
    std::vector<Task<Status>> calls;
    for (int i = 0; i < 1000; ++i) calls.push_back(hang_until_it_ends(channel));
    const auto crash_later = [](Fleet::Member& its_member) -> Task<void> {
      // As many as the server allows at once.
      while (its_member.service.running < 100) co_await sleep(1ms);
      Fleet::crash(its_member);
    };
    TaskGroup group;
    group.spawn(crash_later(member));
    const auto start = Clock::now();
    const std::vector<Status> ends = co_await gather(std::move(calls));
    EXPECT_LT(Clock::now() - start, 10s);
    for (const Status& status : ends) EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.to_string();
    EXPECT_EQ(member.service.begun, 100) << "none was made twice";
    co_await group.join();
    co_await channel.close();
  });
}

TEST(GoAway, LosesNoCallThatWasNotServed) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const std::string address = member.address;
    const ChannelOptions options{.backoff = kQuick};
    Channel channel{address, options};
    // Calls all the time, while the server is replaced again and again.
    bool done = false;
    int calls = 0;
    std::vector<std::string> failures;
    const auto keep_calling = [](Channel& its_channel, bool& is_done, int& made,
                                 std::vector<std::string>& failed) -> Task<void> {
      while (!is_done) {
        const Status status = co_await call(its_channel, {.wait_for_ready = true});
        ++made;
        if (!status.ok()) failed.push_back(status.to_string());
      }
    };
    TaskGroup group;
    for (int i = 0; i < 20; ++i) group.spawn(keep_calling(channel, done, calls, failures));
    for (int round = 0; round < 10; ++round) {
      const auto made = [&calls, before = calls] { return calls - before; };  // by the tasks beside this one
      while (made() < 100) co_await sleep(1ms);
      co_await member.server->stop({.grace = 5s});
      Fleet::start(member, address);
    }
    done = true;
    co_await group.join();
    EXPECT_EQ(failures, std::vector<std::string>{});
    EXPECT_EQ(member.service.begun, calls) << "each was made once";
    co_await channel.close();
  });
}

}  // namespace
}  // namespace tern::test
