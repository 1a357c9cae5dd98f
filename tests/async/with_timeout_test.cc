#include "tern/async/with_timeout.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "async/orders.h"
#include "support/tracker.h"
#include "tern/async/event.h"
#include "tern/async/executor.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> quick() {
  co_await sleep(0ms);
  co_return 1;
}

Task<int> never(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
  co_return 0;
}

TEST(WithTimeout, GivesTheResultInTime) { EXPECT_EQ(block_on(with_timeout(1h, quick())), 1); }

TEST(WithTimeout, CancelsAndThrowsTimedOut) {
  int alive = 0;
  EXPECT_THROW(block_on(with_timeout(1ms, never(alive))), TimedOut);
  EXPECT_EQ(alive, 0);
}

TEST(WithTimeout, TheOuterOneReachesThroughTheInner) {
  int alive = 0;
  EXPECT_THROW(block_on(with_timeout(1ms, with_timeout(1h, never(alive)))), TimedOut);
  EXPECT_EQ(alive, 0);
}

Task<int> fail() {
  co_await sleep(0ms);
  throw std::runtime_error("its own");
}

TEST(WithTimeout, PassesOnWhatTheTaskThrew) { EXPECT_THROW(block_on(with_timeout(1h, fail())), std::runtime_error); }

Task<bool> inherits() {
  const auto before = Job::current()->inherited.deadline;
  const auto inner = []() -> Task<bool> { co_return Job::current()->inherited.deadline.has_value(); };
  const bool inside = co_await with_timeout(1h, inner());
  co_return !before && inside;
}

TEST(WithTimeout, IsTheDeadlineOfTheJob) { EXPECT_TRUE(block_on(inherits())); }

Task<void> limit_every_kind() {
  Event event;
  co_await with_timeout(1h, sleep(1ms));
  co_await with_deadline(Clock::now() + 1h, sleep(1ms));
  const int number = co_await with_timeout(1h, run_in_executor([] { return 7; }));
  EXPECT_EQ(number, 7);
  const std::optional<bool> not_yet = co_await move_on_after(1ms, event.wait());
  EXPECT_FALSE(not_yet);
  const bool slept_long = co_await move_on_after(1ms, sleep(1h));
  EXPECT_FALSE(slept_long);
  const bool slept = co_await move_on_after(1h, sleep(1ms));
  EXPECT_TRUE(slept);
  event.set();
  const std::optional<bool> happened = co_await move_on_after(1h, event.wait());
  EXPECT_EQ(happened, true);
}

TEST(WithTimeout, TakesEveryAwaitable) { block_on(limit_every_kind()); }

Task<void> nest(std::chrono::milliseconds outer, std::chrono::milliseconds inner, bool& caught_inside) {
  try {
    int alive = 0;
    static_cast<void>(co_await with_timeout(inner, never(alive)));
  } catch (const TimedOut& error) {
    caught_inside = true;
    EXPECT_TRUE(error.limit());
    EXPECT_LE(*error.limit(), Clock::now());
  }
  if (!caught_inside) ADD_FAILURE() << "went on after the outer limit of " << outer.count();
}

TEST(WithTimeout, ThrowsForTheNestedLimitThatHasPassed) {
  bool inside = false;
  block_on(with_timeout(1h, nest(1h, 1ms, inside)));
  EXPECT_TRUE(inside);
  inside = false;
  EXPECT_THROW(block_on(with_timeout(1ms, nest(1ms, 1h, inside))), TimedOut);
  EXPECT_FALSE(inside);
}

Task<int> without_waiting() { co_return 1; }

TEST(WithTimeout, NeverExpiresWithAnEndlessTime) {
  EXPECT_EQ(block_on(with_timeout(std::chrono::hours::max(), quick())), 1);
  EXPECT_EQ(block_on(with_timeout(-1h, without_waiting())), 1) << "it has ended before the loop looks";
}

using test::branch;
using test::for_each_order;
using test::Happening;
using test::Order;
using test::Play;

/// A time that is up as soon as the loop looks, which it does when the order says so.
template <class Limited>
Task<void> note_limited(Play& play, Limited limited) {
  try {
    co_await limited(play);
  } catch (const TimedOut&) {
    play.late = true;
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
  play.alive_at_end = play.alive;
}

Task<void> throw_when_late(Play& play) {
  const int result = co_await with_timeout(0ms, branch(play.a, play.alive));
  play.results.push_back(result);
}
Task<void> move_on_when_late(Play& play) {
  const std::optional<int> result = co_await move_on_after(0ms, branch(play.a, play.alive));
  if (result) {
    play.results.push_back(*result);
  } else {
    play.late = true;
  }
}

TEST(WithTimeout, KeepsAResultInAnyOrder) {
  for (const auto limited : {throw_when_late, move_on_when_late}) {
    for_each_order(
        {Happening::kFinishA, Happening::kFailA, Happening::kCancel, Happening::kDestroy, Happening::kTimeout},
        [limited](const Order& order, bool stubborn) {
          Play play;
          play.play(order, stubborn, [limited](Play& its) { return note_limited(its, limited); });
          if (play.destroyed) return;
          EXPECT_EQ(play.results.size(), static_cast<std::size_t>(play.a.returned));
          if (play.a.returned + play.a.failed > 0) return;
          EXPECT_TRUE(play.late || play.ended_cancelled());
          EXPECT_TRUE(play.cancelled || play.late);
        });
  }
}

}  // namespace
}  // namespace tern
