// Resolving, played through every order of events: no look-up, no clock.
#include "client/resolving.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace tern {
namespace {

using namespace std::chrono_literals;
using ResolvingState = Resolving::State;

constexpr Clock::time_point kStart{1h};

enum class Event { kNeeded, kLost, kFound, kEnded, kFailed, kTimeComes, kTimePasses, kReset };
constexpr std::pair<Event, const char*> kEvents[] = {
    {Event::kNeeded, "needed"}, {Event::kLost, "lost"},
    {Event::kFound, "found"},   {Event::kEnded, "ended"},
    {Event::kFailed, "failed"}, {Event::kTimeComes, "its time comes"},
    {Event::kReset, "reset"},   {Event::kTimePasses, "time passes"},
};

/// Plays each possible next event, and checks what every order must hold.
class ResolvingPlay {
 public:
  explicit ResolvingPlay(Resolving::Options options) : options_(options) {}

  void run(int depth) { go_on({Resolving{options_}, kStart, {}, {}}, depth, "begin"); }
  [[nodiscard]] int orders() const noexcept { return orders_; }

 private:
  struct World {
    Resolving resolving;
    Clock::time_point now;
    std::optional<Clock::time_point> wake;
    std::optional<Clock::time_point> began;
  };

  [[nodiscard]] static bool possible(const World& world, Event event) {
    const bool running = world.resolving.running();
    switch (event) {
      case Event::kFound:
      case Event::kFailed:
        return running;
      case Event::kEnded:
        return running && world.resolving.known();
      case Event::kTimeComes:
        return world.wake.has_value();
      default:
        return true;
    }
  }

  void play(World& world, Event event) const {
    const bool was_running = world.resolving.running();
    const bool was_known = world.resolving.known();
    Resolving::Step step{.wake = world.wake};
    switch (event) {
      case Event::kNeeded:
        step = world.resolving.needed(world.now);
        break;
      case Event::kLost:
        step = world.resolving.servers_lost(world.now);
        if (was_known && !was_running && !step.look_up) {
          ASSERT_TRUE(step.wake) << "a loss is not forgotten";
        }
        if (step.look_up) {
          EXPECT_GE(world.now, *world.began + options_.min_between);
        }
        break;
      case Event::kFound:
        world.resolving.found();
        EXPECT_TRUE(world.resolving.known());
        break;
      case Event::kEnded:
        step = world.resolving.ended(world.now);
        EXPECT_FALSE(world.resolving.running());
        break;
      case Event::kFailed:
        step = world.resolving.failed(world.now, 1);
        EXPECT_FALSE(world.resolving.running());
        EXPECT_FALSE(step.look_up) << "not without a pause";
        ASSERT_TRUE(step.wake);
        EXPECT_EQ(world.resolving.state(), was_known ? ResolvingState::kKnown : ResolvingState::kFailed);
        break;
      case Event::kTimeComes:
        world.now = std::max(world.now, *world.wake);
        step = world.resolving.woken(world.now);
        EXPECT_EQ(step.look_up, was_known && !was_running);
        break;
      case Event::kTimePasses:
        world.now += 100ms;
        break;
      case Event::kReset:
        step = world.resolving.reset_backoff(world.now);
        EXPECT_NE(world.resolving.state(), ResolvingState::kFailed);
        break;
    }
    if (step.look_up) {
      EXPECT_FALSE(was_running) << "one look-up at a time";
      EXPECT_TRUE(world.resolving.running());
      world.began = world.now;
    }
    world.wake = step.wake;
    EXPECT_TRUE(!was_known || world.resolving.known()) << "what is known stays";
  }

  void check(const World& world) const {
    const ResolvingState state = world.resolving.state();
    const bool running = world.resolving.running();
    EXPECT_EQ(state == ResolvingState::kLookingUp, running && !world.resolving.known());
    if (state == ResolvingState::kFailed) {
      EXPECT_TRUE(world.wake) << "it would stay failed";
    }
    if (state == ResolvingState::kKnown && !running && options_.every) {
      EXPECT_TRUE(world.wake) << "it would not look again";
    }
    if (state == ResolvingState::kIdle) {
      Resolving copy = world.resolving;
      EXPECT_TRUE(copy.needed(world.now).look_up);
    }
  }

  void go_on(const World& world, int depth, const std::string& history) {
    if (::testing::Test::HasFailure()) return;
    if (depth == 0) {
      ++orders_;
      return;
    }
    for (const auto& [event, name] : kEvents) {
      if (!possible(world, event)) continue;
      const std::string so_far = history + ", " + name;
      SCOPED_TRACE(so_far);
      World next = world;
      play(next, event);
      check(next);
      go_on(next, depth - 1, so_far);
    }
  }

  Resolving::Options options_;
  int orders_ = 0;
};

constexpr BackoffOptions kBackoff{.initial = 150ms, .multiplier = 2, .jitter = 0, .maximum = 1s};

TEST(Resolving, HoldsInEveryOrderOfEvents) {
  for (const auto min_between : {0ms, 250ms}) {
    for (const auto every : {0ms, 400ms}) {
      ResolvingPlay play{{.backoff = kBackoff, .min_between = min_between, .every = every}};
      play.run(6);
      EXPECT_GT(play.orders(), 10'000);
    }
  }
}

TEST(Resolving, WaitsLongerAfterEachFailure) {
  Resolving resolving{{.backoff = kBackoff, .min_between = 0ms, .every = std::nullopt}};
  Clock::time_point now = kStart;
  for (const auto pause : {150ms, 300ms, 600ms, 1000ms, 1000ms}) {
    EXPECT_TRUE(resolving.needed(now).look_up);
    const Resolving::Step step = resolving.failed(now + 10ms, 1);
    EXPECT_EQ(step.wake, now + pause) << "counted from the beginning of the look-up";
    now = *step.wake;
    resolving.woken(now);
    EXPECT_EQ(resolving.state(), ResolvingState::kIdle) << "nobody has to need it again";
  }
}

TEST(Resolving, DoesNotInterruptAResolverThatPushes) {
  Resolving resolving{{.backoff = kBackoff, .min_between = 0ms, .every = 100ms}};
  EXPECT_TRUE(resolving.needed(kStart).look_up);
  resolving.found();
  EXPECT_FALSE(resolving.servers_lost(kStart + 1h).look_up);
  resolving.found();
  const Resolving::Step broken = resolving.failed(kStart + 2h, 1);
  EXPECT_EQ(broken.wake, kStart + 2h) << "it is asked again, although its servers are known";
  EXPECT_TRUE(resolving.woken(kStart + 2h).look_up);
}

TEST(Resolving, PutsOffALookUpThatComesTooEarly) {
  Resolving resolving{{.backoff = kBackoff, .min_between = 30s, .every = std::nullopt}};
  EXPECT_TRUE(resolving.needed(kStart).look_up);
  resolving.found();
  resolving.ended(kStart + 1s);
  const Resolving::Step early = resolving.servers_lost(kStart + 2s);
  EXPECT_FALSE(early.look_up);
  EXPECT_EQ(early.wake, kStart + 30s);
  EXPECT_TRUE(resolving.woken(kStart + 30s).look_up);
}

}  // namespace
}  // namespace tern
