#include "tern/async/shield.h"

#include <gtest/gtest.h>

#include <optional>

#include "async/orders.h"
#include "tern/async/cancellation.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using test::branch;
using test::for_each_order;
using test::Happening;
using test::Order;
using test::Play;

template <class Shielded>
Task<void> note_shielded(Play& play, Shielded shielded) {
  try {
    co_await shielded(play);
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
  play.alive_at_end = play.alive;
}

Task<void> without_limit(Play& play) {
  const int result = co_await shield(branch(play.a, play.alive));
  play.results.push_back(result);
}
Task<void> with_limit(Play& play) {
  const int result = co_await shield(branch(play.a, play.alive), 0ms);
  play.results.push_back(result);
}

TEST(Shield, RunsToItsEndInAnyOrder) {
  for_each_order({Happening::kFinishA, Happening::kFailA, Happening::kCancel, Happening::kDestroy},
                 [](const Order& order, bool stubborn) {
                   Play play;
                   play.play(order, stubborn, [](Play& its) { return note_shielded(its, without_limit); });
                   if (play.destroyed) return;
                   EXPECT_EQ(play.a.returned + play.a.failed, 1);
                   EXPECT_EQ(play.results.size(), static_cast<std::size_t>(play.a.returned));
                   EXPECT_EQ(play.failed_with_branch(), play.a.failed == 1);
                 });
}

TEST(Shield, WithALimitIsCancelledSoLongAfterItsJob) {
  for_each_order({Happening::kFinishA, Happening::kFailA, Happening::kCancel, Happening::kDestroy, Happening::kTimeout},
                 [](const Order& order, bool stubborn) {
                   // The timer is armed by the cancellation.
                   for (const auto& turn : order) {
                     if (turn.front() == Happening::kCancel) break;
                     if (turn.front() == Happening::kTimeout) return;
                   }
                   Play play;
                   play.play(order, stubborn, [](Play& its) { return note_shielded(its, with_limit); });
                   if (play.destroyed) return;
                   EXPECT_EQ(play.results.size(), static_cast<std::size_t>(play.a.returned));
                   EXPECT_TRUE(play.a.returned + play.a.failed == 1 || (play.cancelled && play.ended_cancelled()));
                 });
}

/// Gives a lease back over the network, as it were, after a cancellation.
Task<void> give_back(Event& answered, bool& given_back, std::optional<Clock::time_point>& deadline) {
  deadline = Job::current()->inherited.deadline;
  EXPECT_FALSE(cancellation_requested());
  co_await answered.wait();
  given_back = true;
}

Task<void> hold_a_lease(Event& never, Event& answered, bool& given_back, std::optional<Clock::time_point>& deadline) {
  bool cancelled = false;
  try {
    co_await never.wait();
  } catch (const Cancelled&) {
    cancelled = true;
  }
  if (cancelled) co_await shield(give_back(answered, given_back, deadline));
  co_await never.wait();
}

Task<void> answer_when_asked(Event& answered, bool& given_back) {
  while (!answered.waited_for()) co_await sleep(0ms);
  EXPECT_FALSE(given_back);
  answered.set();
}

Task<void> clean_up_after_a_cancellation() {
  Event never;
  Event answered;
  bool given_back = false;
  std::optional<Clock::time_point> deadline;
  TaskGroup group;
  auto holder = group.spawn(hold_a_lease(never, answered, given_back, deadline));
  group.spawn(answer_when_asked(answered, given_back));
  co_await sleep(0ms);
  holder.cancel();
  co_await group.join();
  EXPECT_TRUE(given_back);
  EXPECT_FALSE(deadline);
  EXPECT_THROW(holder.result(), TaskCancelled);
}

TEST(Shield, LetsACancelledJobCleanUp) { block_on(clean_up_after_a_cancellation()); }

Task<void> shield_after_the_deadline() {
  Event never;
  Event answered;
  bool given_back = false;
  std::optional<Clock::time_point> deadline;
  TaskGroup group;
  group.spawn(answer_when_asked(answered, given_back));
  bool late = false;
  try {
    co_await with_timeout(1ms, hold_a_lease(never, answered, given_back, deadline));
  } catch (const TimedOut&) {
    late = true;
  }
  EXPECT_TRUE(late);
  EXPECT_TRUE(given_back);
  EXPECT_FALSE(deadline) << "the deadline has passed: a call that inherited it would fail";
  co_await group.join();
}

TEST(Shield, InheritsNoDeadline) { block_on(shield_after_the_deadline()); }

}  // namespace
}  // namespace tern
