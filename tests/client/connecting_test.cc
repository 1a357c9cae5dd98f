// Connecting, played through every order of events: no sockets, no clock.
#include "client/connecting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace tern {
namespace {

/// Plays each possible next event, and checks each step.
class ConnectingPlay {
 public:
  explicit ConnectingPlay(std::size_t addresses) : addresses_(addresses) {}

  void run() {
    State state{Connecting{addresses_}, {}, {}, false, false};
    follow(state, state.connecting.begin());
    EXPECT_EQ(state.started, std::set<std::size_t>{0});
    go_on(state, "begin");
  }
  [[nodiscard]] std::size_t orders() const noexcept { return orders_; }

 private:
  struct State {
    Connecting connecting;
    std::set<std::size_t> started;
    std::set<std::size_t> failed;
    bool waits;
    bool over;
  };

  void follow(State& state, const Connecting::Step& step) const {
    if (step.start) {
      EXPECT_LT(*step.start, addresses_);
      EXPECT_EQ(*step.start, state.started.size()) << "in their order, each once";
      state.started.insert(*step.start);
      state.waits = step.wait;
      EXPECT_EQ(step.wait, state.started.size() < addresses_);
    }
  }

  void go_on(const State& state, const std::string& history) {
    SCOPED_TRACE(history);
    ASSERT_FALSE(state.started.size() < addresses_ && !state.waits) << "an address would never be tried";
    if (state.started.size() == addresses_ && state.failed.size() == addresses_) {
      EXPECT_TRUE(state.connecting.all_failed());
      ++orders_;
      return;
    }
    EXPECT_FALSE(state.connecting.all_failed());
    if (state.waits) {
      State next = state;
      next.waits = false;
      const std::size_t before = next.started.size();
      follow(next, next.connecting.delay_passed());
      EXPECT_EQ(next.started.size(), before + 1) << "a silent address does not hide the one behind it";
      go_on(next, history + ", delay");
    }
    for (const std::size_t attempt : state.started) {
      if (state.failed.contains(attempt)) continue;
      State next = state;
      next.failed.insert(attempt);
      const std::size_t before = next.started.size();
      follow(next, next.connecting.failed());
      EXPECT_EQ(next.started.size(), std::min(before + 1, addresses_))
          << "one that fails does not keep the next waiting";
      go_on(next, history + ", " + std::to_string(attempt) + " fails");

      State good = state;
      good.connecting.succeeded();
      EXPECT_TRUE(good.connecting.connected());
      EXPECT_FALSE(good.connecting.all_failed());
      // Late events change nothing.
      EXPECT_FALSE(good.connecting.delay_passed().start);
      EXPECT_FALSE(good.connecting.failed().start);
      ++orders_;
    }
  }

  std::size_t addresses_;
  std::size_t orders_ = 0;
};

TEST(Connecting, TriesEveryAddressInEveryOrderOfEvents) {
  for (std::size_t addresses = 1; addresses <= 5; ++addresses) {
    ConnectingPlay play{addresses};
    play.run();
    EXPECT_GE(play.orders(), addresses);
  }
}

TEST(Connecting, TakesFamiliesInTurns) {
  const auto order = [](const std::vector<std::string>& texts) {
    std::vector<transport::Address> addresses;
    for (const std::string& text : texts) addresses.push_back(transport::Address::parse(text));
    std::string ordered;
    for (const transport::Address& address : interleave_families(std::move(addresses))) ordered += address.host + " ";
    return ordered;
  };
  EXPECT_EQ(order({}), "");
  EXPECT_EQ(order({"1.1.1.1:1", "2.2.2.2:1"}), "1.1.1.1 2.2.2.2 ");
  EXPECT_EQ(order({"[::1]:1", "[::2]:1", "1.1.1.1:1"}), "::1 1.1.1.1 ::2 ");
  EXPECT_EQ(order({"1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"}), "1.1.1.1 ::1 ::2 ::3 ");
  EXPECT_EQ(order({"1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1", "[::1]:1"}), "1.1.1.1 ::1 2.2.2.2 3.3.3.3 ");
}

}  // namespace
}  // namespace tern
