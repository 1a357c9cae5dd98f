// Balancers and resolvers of the user's own: what they hear of, and which server gets the call.
#include <gtest/gtest.h>

#include <algorithm>
#include <any>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/captured_log.h"
#include "support/fleet.h"
#include "support/thrower.h"
#include "tern/async/event.h"
#include "tern/async/task_group.h"
#include "tern/client/balancer.h"
#include "tern/client/resolver.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

/// All that a balancer has heard, by server.
struct Told {
  std::map<std::uint64_t, int> picked;
  std::map<std::uint64_t, std::string> ended;  // the codes, and the trailing metadata's "echo-trailing"
  std::string attributes;
  std::size_t most_calls = 0;

  [[nodiscard]] int picks() const {
    int all = 0;
    for (const auto& [server, times] : picked) all += times;
    return all;
  }
  [[nodiscard]] std::string ends() const {
    std::string all;
    for (const auto& [server, texts] : ended) all += texts;
    return all;
  }
};

/// Picks the server whose index the metadata "which" says, or the last one.
class Chosen final : public Balancer {
 public:
  explicit Chosen(Told& told) : told_(told) {}

  void servers_changed(std::span<const BalancedServer> servers) override {
    told_.attributes.clear();
    for (const BalancedServer& server : servers) {
      told_.attributes += server.attributes.locality + ":" + std::to_string(server.attributes.weight);
      if (const auto* own = std::any_cast<int>(&server.attributes.own)) told_.attributes += ":" + std::to_string(*own);
      told_.attributes += " ";
    }
  }
  std::size_t pick(std::span<const BalancedServer> ready, const CallToBalance& call) override {
    std::size_t index = ready.size() - 1;
    if (call.metadata.get("which") == "first") index = 0;
    ++told_.picked[ready[index].id];
    told_.most_calls = std::max(told_.most_calls, ready[index].calls_in_flight);
    EXPECT_NE(call.now, Clock::time_point{});
    return index;
  }
  void call_ended(std::uint64_t server, const BalancedCallEnd& end) override {
    EXPECT_TRUE(told_.picked.contains(server));
    EXPECT_GE(end.took.count(), 0);
    std::string& text = told_.ended[server];
    text += std::string{name_of(end.status.code())};
    if (const auto trailing = end.trailing_metadata.get("echo-trailing")) text += "(" + std::string{*trailing} + ")";
    text += " ";
  }

 private:
  Told& told_;
};

ChannelOptions chosen_by(Told& told) {
  return {.backoff = kQuick, .balancer = [&told] { return std::make_unique<Chosen>(told); }};
}

TEST(Balancers, ChooseByTheMetadataOfTheCall) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    fleet.add();
    Told told;
    Channel channel{fleet.list(), chosen_by(told)};
    while (fleet.members[1]->service.begun == 0) co_await make_call(channel);
    fleet.members[0]->service.begun = fleet.members[1]->service.begun = 0;
    for (int i = 0; i < 10; ++i) co_await make_call(channel);
    EXPECT_EQ(fleet.members[1]->service.begun, 10);
    const Metadata first{{"which", "first"}};
    co_await make_call(channel, {.metadata = &first});
    EXPECT_EQ(fleet.members[0]->service.begun, 1);
    co_await channel.close();
  });
}

/// One call that ends in each of the ways in which calls end.
enum class Ending { kOk, kAborted, kDeadline, kCancelled, kLost, kDroppedStream };

Task<void> end_one(Fleet& fleet, Channel& channel, Ending ending) {
  ProbeStub stub{channel};
  ProbeService& service = fleet.members[0]->service;
  const Metadata sent{{"echo-trailing", "42"}};
  Order order;
  switch (ending) {
    case Ending::kOk:
      co_await make_call(channel, {.metadata = &sent});
      break;
    case Ending::kAborted: {
      order.set_status(static_cast<int>(StatusCode::kNotFound));
      const Result<Payload> result = co_await stub.Unary(order, {.metadata = &sent}).result();
      EXPECT_EQ(result.status().code(), StatusCode::kNotFound);
      break;
    }
    case Ending::kDeadline: {
      co_await channel.connect();  // else the call may end before it has a connection
      const Result<Payload> result = co_await stub.Hang(order, {.timeout = 5ms}).result();
      EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
      break;
    }
    case Ending::kCancelled: {
      TaskGroup group;
      const auto hang = [](Channel& its_channel) -> Task<void> {
        ProbeStub its_stub{its_channel};
        const Result<Payload> never = co_await its_stub.Hang(Order{}).result();
        static_cast<void>(never);
      };
      group.spawn(hang(channel));
      co_await until(service.running, 1);
      group.cancel();
      break;
    }
    case Ending::kLost: {
      const auto crash = [](Fleet& its_fleet) -> Task<void> {
        co_await until(its_fleet.members[0]->service.running, 1);
        Fleet::crash(*its_fleet.members[0]);
      };
      const auto hang = [](Channel& its_channel) -> Task<Status> {
        ProbeStub its_stub{its_channel};
        const Result<Payload> lost = co_await its_stub.Hang(Order{}).result();
        co_return lost.status();
      };
      const auto [status, done] = co_await gather(hang(channel), crash(fleet));
      EXPECT_EQ(status.code(), StatusCode::kUnavailable);
      break;
    }
    case Ending::kDroppedStream: {
      order.set_count(1000);
      order.set_size(10'000);
      auto download = stub.Download(order);
      const std::optional<Payload> first = co_await download.read();
      EXPECT_TRUE(first);
      break;
    }
  }
}

TEST(Balancers, HearHowEachCallEnded) {
  const std::pair<Ending, std::string> table[] = {
      {Ending::kOk, "OK(42) "},
      {Ending::kAborted, "NOT_FOUND(42) "},
      {Ending::kDeadline, "DEADLINE_EXCEEDED "},
      {Ending::kCancelled, "CANCELLED "},
      {Ending::kLost, "UNAVAILABLE "},
      {Ending::kDroppedStream, "CANCELLED "},
  };
  for (const auto& [ending, expected] : table) {
    const auto body = [](Ending its_ending, std::string its_expected) -> Task<void> {
      Fleet fleet;
      fleet.add();
      Told told;
      Channel channel{fleet.list(), chosen_by(told)};
      co_await end_one(fleet, channel, its_ending);
      EXPECT_EQ(told.ends(), its_expected);
      EXPECT_EQ(told.picks(), 1);
      co_await channel.close();
      EXPECT_EQ(told.ends(), its_expected) << "once";
    };
    block_on(body(ending, expected));
  }
}

/// One call of several attempts that ends well. `prepare` tells the server how the first ones go.
void expect_attempts(const std::function<void(ProbeService&)>& prepare, std::string_view policy, int picks,
                     std::string_view ends) {
  const auto body = [&]() -> Task<void> {
    Fleet fleet;
    prepare(fleet.add().service);
    Told told;
    const std::string config = R"({"methodConfig": [{"name": [{}], )" + std::string{policy} + "}]}";
    ChannelOptions options = chosen_by(told);
    options.service_config = config;
    Channel channel{fleet.list(), options};
    const Status status = co_await call(channel);
    EXPECT_TRUE(status.ok());
    co_await channel.close();
    EXPECT_EQ(told.picks(), picks);
    EXPECT_EQ(told.ends(), ends);
  };
  block_on(body());
}

TEST(Balancers, HearTheEndOfEachAttempt) {
  expect_attempts([](ProbeService& service) { service.failing = 2; }, R"("retryPolicy": {"maxAttempts": 4,
      "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
      "retryableStatusCodes": ["UNAVAILABLE"]})",
                  3, "UNAVAILABLE UNAVAILABLE OK ");
}

TEST(Balancers, HearTheEndsOfHedgedAttempts) {
  expect_attempts([](ProbeService& service) { service.hanging = 1; },
                  R"("hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "0.001s"})", 2, "CANCELLED OK ");
}

TEST(Balancers, SeeTheCallsInFlight) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    Told told;
    Channel channel{fleet.list(), chosen_by(told)};
    TaskGroup group;
    const auto hang = [](Channel& its_channel) -> Task<void> {
      ProbeStub stub{its_channel};
      const Result<Payload> never = co_await stub.Hang(Order{}).result();
      static_cast<void>(never);
    };
    for (int i = 0; i < 5; ++i) {
      group.spawn(hang(channel));
      co_await until(fleet.members[0]->service.running, i + 1);
    }
    EXPECT_EQ(told.most_calls, 4U);
    group.cancel();
    co_await channel.close();
  });
}

/// Yields a resolution at each push().
class Pushing final : public Resolver {
 public:
  AsyncGenerator<Resolution> resolve(std::string_view /*target*/) override {
    ++times;
    for (;;) {
      changed = std::make_unique<Event>();
      Resolution known = now;
      co_yield known;
      co_await changed->wait();
      if (breaks) throw std::runtime_error("the registry has hung up");
    }
  }
  void push(Resolution resolution) {
    now = std::move(resolution);
    changed->set();
  }
  Resolution now;
  std::unique_ptr<Event> changed;
  int times = 0;
  bool breaks = false;
};

TEST(Resolvers, PushServersWithTheirAttributes) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    fleet.add();
    const std::string first = fleet.members[0]->address;
    const std::string second = fleet.members[1]->address;
    Pushing registry;
    registry.now.servers.emplace_back(first, ServerAttributes{.weight = 3, .locality = "here", .own = 42});
    Told told;
    ChannelOptions options = chosen_by(told);
    options.resolver = &registry;
    Channel channel{"users", options};
    co_await make_call(channel);
    EXPECT_EQ(told.attributes, "here:3:42 ");
    EXPECT_EQ(fleet.members[0]->service.begun, 1);

    Resolution both;
    both.servers.emplace_back(first, ServerAttributes{.weight = 7, .locality = "here", .own = {}});
    both.servers.emplace_back(second, ServerAttributes{.weight = 1, .locality = "there", .own = {}});
    registry.push(both);
    while (fleet.members[1]->service.begun == 0) co_await make_call(channel);
    EXPECT_EQ(told.attributes, "here:7 there:1 ") << "those of a server that stays change too";
    const std::vector<std::uint64_t> seen = [&told] {
      std::vector<std::uint64_t> ids;
      for (const auto& [id, times] : told.picked) ids.push_back(id);
      return ids;
    }();
    EXPECT_EQ(seen.size(), 2U) << "the first one is still the same";

    Fleet::crash(*fleet.members[0]);
    for (int i = 0; i < 3; ++i) co_await make_call(channel);
    EXPECT_EQ(registry.times, 1) << "one that pushes is not asked again";
    co_await channel.close();
  });
}

class Throwing final : public Balancer {
 public:
  explicit Throwing(Thrown what) : what_(what) {}
  void servers_changed(std::span<const BalancedServer> /*servers*/) override { throw_it(what_); }
  std::size_t pick(std::span<const BalancedServer> /*ready*/, const CallToBalance& /*call*/) override {
    throw_it(what_);
    return 0;
  }
  void call_ended(std::uint64_t /*server*/, const BalancedCallEnd& /*end*/) override { throw_it(what_); }

 private:
  Thrown what_;
};

TEST(Balancers, GiveCallsToServersInTurnWhenTheyThrow) {
  const CapturedLog log;
  for (const Thrown what : kAllThrown) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, name_of(what)};
    block_on([](Thrown thrown) -> Task<void> {
      Fleet fleet;
      fleet.add();
      fleet.add();
      const ChannelOptions options{.backoff = kQuick,
                                   .balancer = [thrown] { return std::make_unique<Throwing>(thrown); }};
      Channel channel{fleet.list(), options};
      while (fleet.members[0]->service.begun == 0 || fleet.members[1]->service.begun == 0) {
        const Status status = co_await call(channel);
        EXPECT_TRUE(status.ok()) << status.to_string();
      }
      co_await channel.close();
    }(what));
  }
}

TEST(Resolvers, AreAskedAgainAfterAnErrorAndTheirServersStay) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    Pushing registry;
    registry.now.servers.emplace_back(fleet.members[0]->address);
    const ChannelOptions options{.backoff = kQuick, .resolver = &registry};
    Channel channel{"users", options};
    co_await make_call(channel);
    registry.breaks = true;
    registry.changed->set();
    while (registry.times < 2) {
      const Status status = co_await call(channel);
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
    co_await channel.close();
  });
}

}  // namespace
}  // namespace tern::test
