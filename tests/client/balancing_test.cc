// Balancing, played through every order of the servers' states: no sockets.
#include "client/balancing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tern {
namespace {

using State = ConnectivityState;

constexpr State kStates[] = {State::kIdle, State::kConnecting, State::kReady, State::kTransientFailure};

const ServerAttributes kPlain;
const Metadata kNone;

CallToBalance call_of(std::string_view method = "/a.B/C") { return {.method = method, .metadata = kNone, .now = {}}; }

std::vector<BalancedServer> servers_of(std::size_t count, State state = State::kIdle) {
  std::vector<BalancedServer> servers;
  for (std::size_t i = 0; i < count; ++i) {
    servers.push_back({.id = 100 + i, .address = "here", .attributes = kPlain, .state = state, .calls_in_flight = 0});
  }
  return servers;
}

std::size_t no_calls(std::uint64_t /*id*/) { return 0; }

State expected(const std::vector<State>& states) {
  const std::set<State> there(states.begin(), states.end());
  for (const State state : {State::kReady, State::kConnecting, State::kIdle}) {
    if (there.contains(state)) return state;
  }
  return State::kTransientFailure;
}

/// Every server's state changes to every other, in every order.
void play(std::vector<State> states, const std::vector<std::pair<std::size_t, State>>& history, int depth) {
  if (depth == 0) {
    Balancing balancing{nullptr};
    balancing.set_servers(servers_of(states.size()));
    for (const auto& [server, state] : history) balancing.set_state(100 + server, state);
    EXPECT_EQ(balancing.state(), expected(states));
    const auto ready = static_cast<std::size_t>(std::ranges::count(states, State::kReady));
    std::map<std::uint64_t, int> picks;
    for (std::size_t i = 0; i < 2 * ready; ++i) ++picks[balancing.pick(call_of(), no_calls).value()];
    EXPECT_EQ(picks.size(), ready) << "each ready server has its turn";
    for (const auto& [id, times] : picks) {
      EXPECT_EQ(states.at(id - 100), State::kReady);
      EXPECT_EQ(times, 2);
    }
    if (ready == 0) {
      EXPECT_FALSE(balancing.pick(call_of(), no_calls));
    }
    return;
  }
  for (std::size_t server = 0; server < states.size(); ++server) {
    for (const State state : kStates) {
      std::vector<State> next = states;
      next[server] = state;
      auto longer = history;
      longer.emplace_back(server, state);
      play(next, longer, depth - 1);
    }
  }
}

TEST(Balancing, HoldsInEveryOrderOfTheServersStates) {
  for (const int depth : {1, 2, 3, 4}) play(std::vector<State>(3, State::kIdle), {}, depth);
}

TEST(Balancing, WithoutServersIsInTransientFailure) {
  Balancing balancing{nullptr};
  EXPECT_EQ(balancing.state(), State::kTransientFailure);
  EXPECT_FALSE(balancing.pick(call_of(), no_calls));
}

TEST(Balancing, LeavesServersOutOfAccountThatItWasNotGiven) {
  Balancing balancing{nullptr};
  balancing.set_servers(servers_of(1));
  balancing.set_state(7, State::kReady);
  EXPECT_EQ(balancing.state(), State::kIdle);
}

/// Writes down each notification, and picks `next`.
class Noting final : public Balancer {
 public:
  explicit Noting(std::size_t& next, std::string& told) : next_(next), told_(told) {}
  void servers_changed(std::span<const BalancedServer> servers) override {
    told_.clear();
    for (const BalancedServer& server : servers) told_ += std::string{name_of(server.state)} + " ";
  }
  std::size_t pick(std::span<const BalancedServer> ready, const CallToBalance& call) override {
    told_ = std::string{call.method};
    for (const BalancedServer& server : ready) told_ += " " + std::to_string(server.calls_in_flight);
    return next_;
  }

 private:
  std::size_t& next_;
  std::string& told_;
};

TEST(Balancing, TellsABalancerOfTheUsersEverything) {
  std::size_t next = 0;
  std::string told;
  Balancing balancing{std::make_unique<Noting>(next, told)};
  balancing.set_servers(servers_of(3));
  EXPECT_EQ(told, "IDLE IDLE IDLE ");
  balancing.set_state(101, State::kReady);
  EXPECT_EQ(told, "IDLE READY IDLE ");
  told = "nothing";
  balancing.set_state(101, State::kReady);
  EXPECT_EQ(told, "nothing") << "nothing has changed";
  balancing.set_state(102, State::kReady);
  const auto calls = [](std::uint64_t id) { return static_cast<std::size_t>(id - 100) * 10; };
  EXPECT_EQ(balancing.pick(call_of(), calls), 101);
  EXPECT_EQ(told, "/a.B/C 10 20");
  next = 1;
  EXPECT_EQ(balancing.pick(call_of(), calls), 102);
  next = 3;
  EXPECT_EQ(balancing.pick(call_of(), calls), 102) << "an index beyond the end counts from the beginning again";
}

}  // namespace
}  // namespace tern
