// A channel and its servers: finding them, spreading calls over them, losing them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/fleet.h"
#include "tern/client/picker.h"
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

class Last final : public Picker {
 public:
  std::size_t pick(std::span<const PickerCandidate> ready, std::string_view method, const Metadata& metadata) override {
    seen_method = method;
    if (metadata.get("which") == "first") return 0;
    return ready.size() - 1;
  }
  std::string seen_method;
};

TEST(Pickers, Choose) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    fleet.add();
    Last last;
    const ChannelOptions options{.picker = &last};
    Channel channel{fleet.list(), options};
    while (fleet.members[1]->service.begun == 0) co_await make_call(channel);
    fleet.members[0]->service.begun = fleet.members[1]->service.begun = 0;
    for (int i = 0; i < 10; ++i) co_await make_call(channel);
    EXPECT_EQ(fleet.members[1]->service.begun, 10);
    const Metadata first{{"which", "first"}};
    co_await make_call(channel, {.metadata = &first});
    EXPECT_EQ(fleet.members[0]->service.begun, 1);
    EXPECT_EQ(last.seen_method, "/tern.test.v1.Probe/Unary");
    co_await channel.close();
  });
}

class Registry final : public Resolver {
 public:
  Task<Resolution> resolve(std::string_view target) override {
    ++times;
    asked_for = target;
    co_await sleep(takes);
    if (fails > 0) {
      --fails;
      throw std::runtime_error("the registry is away");
    }
    co_return known;
  }
  Resolution known;
  std::string asked_for;
  std::chrono::milliseconds takes = 1ms;
  int times = 0;
  int fails = 0;
};

TEST(Resolvers, FindServersAndTheirConfiguration) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    Registry registry;
    registry.known.addresses = {fleet.members[0]->address};
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
    registry.known.addresses = {fleet.members[0]->address};
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
    registry.known.addresses = {fleet.members[0]->address};
    const ChannelOptions options{
        .backoff = kQuick, .resolver = &registry, .min_time_between_resolutions = 1ms, .round_robin = true};
    Channel channel{"users", options};
    co_await make_call(channel);
    registry.known.addresses = {fleet.members[1]->address};
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

Task<Status> hang(Channel& channel) {
  ProbeStub stub{channel};
  const Result<Payload> result = co_await stub.Hang(Order{}).result();
  co_return result.status();
}

TEST(ConnectionLost, EndsEveryCallOnceWithUnavailable) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const ChannelOptions options{.backoff = kQuick};
    Channel channel{member.address, options};
    std::vector<Task<Status>> calls;
    for (int i = 0; i < 1000; ++i) calls.push_back(hang(channel));
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
