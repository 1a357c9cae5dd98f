#include "tern/async/when_any.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "async/orders.h"
#include "support/every_order.h"
#include "tern/async/event.h"
#include "tern/async/gather.h"
#include "tern/async/queue.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/with_timeout.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using test::branch;
using test::for_each_order;
using test::Happening;
using test::Order;
using test::Play;

Task<int> soon(int value) {
  co_await sleep(0ms);
  co_return value;
}
Task<int> at_once(int value) { co_return value; }
Task<int> for_ever(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
  co_return 0;
}
Task<int> failing() {
  co_await sleep(0ms);
  throw std::runtime_error("it failed");
}

Task<void> first_of_different(int& alive) {
  auto first = co_await when_any(for_ever(alive), sleep(1h), soon(7));
  EXPECT_EQ(first.index, 2U);
  EXPECT_EQ(first.get<2>(), 7);
  EXPECT_EQ(alive, 0) << "the others have ended";
  EXPECT_FALSE(std::get<0>(first.results));
}

TEST(WhenAny, GivesTheFirstOfDifferentAwaitables) {
  int alive = 0;
  block_on(first_of_different(alive));
}

Task<void> first_of_vector(int& alive) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(i == 6 ? soon(i) : for_ever(alive));
  auto first = co_await when_any(std::move(tasks));
  EXPECT_EQ(first.index, 6U);
  EXPECT_EQ(first.value(), 6);
  EXPECT_EQ(alive, 0);
}

TEST(WhenAny, GivesTheFirstOfAVector) {
  int alive = 0;
  block_on(first_of_vector(alive));
}

Task<std::unique_ptr<int>> owned(int value) { co_return std::make_unique<int>(value); }

Task<int> first_of_owned() {
  auto first = co_await when_any(owned(3), owned(3));
  co_return first.index == 0 ? *first.get<0>() : *first.get<1>();
}

TEST(WhenAny, GivesWhatCanOnlyBeMoved) { EXPECT_EQ(block_on(first_of_owned()), 3); }

Task<void> first_throws(int& alive) { static_cast<void>(co_await when_any(failing(), for_ever(alive))); }

TEST(WhenAny, ThrowsWhatTheFirstThrew) {
  int alive = 0;
  EXPECT_THROW(block_on(first_throws(alive)), std::runtime_error);
  EXPECT_EQ(alive, 0);
}

Task<void> of_nothing() { static_cast<void>(co_await when_any(std::vector<Task<int>>{})); }

TEST(WhenAny, RejectsAnEmptyVector) { EXPECT_THROW(block_on(of_nothing()), std::invalid_argument); }

Task<void> read_the_wrong_one() {
  auto first = co_await when_any(soon(1), sleep(1h));
  static_cast<void>(first.get<1>());
}

TEST(WhenAny, ReadingTheWrongResultThrowsALogicError) {
  EXPECT_THROW(block_on(read_the_wrong_one()), std::logic_error);
}

Task<std::vector<int>> count_winners(int rounds) {
  std::vector<int> won(3);
  for (int i = 0; i < rounds; ++i) {
    auto first = co_await when_any(at_once(0), at_once(1), at_once(2));
    ++won[first.index];
  }
  co_return won;
}

TEST(WhenAny, LetsEachOfThoseThatAreReadyWin) {
  EXPECT_EQ(block_on(count_winners(300)), (std::vector<int>{100, 100, 100}));
}

Task<void> combine_any(Play& play) {
  try {
    auto first = co_await when_any(branch(play.a, play.alive), branch(play.b, play.alive));
    if (first.index == 0) static_cast<void>(first.get<0>());
    if (first.index == 1) static_cast<void>(first.get<1>());
    if (auto& result = std::get<0>(first.results)) play.results.push_back(*result);
    if (auto& result = std::get<1>(first.results)) play.results.push_back(*result);
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
  play.alive_at_end = play.alive;
}

constexpr std::initializer_list<Happening> kEvents{Happening::kFinishA, Happening::kFinishB, Happening::kFailA,
                                                   Happening::kFailB,   Happening::kCancel,  Happening::kDestroy};

TEST(WhenAny, LosesNoResultInAnyOrder) {
  for_each_order(kEvents, [](const Order& order, bool stubborn) {
    Play play;
    play.play(order, stubborn, combine_any);
    if (play.destroyed) return;
    const int returned = play.a.returned + play.b.returned;
    const int failed = play.a.failed + play.b.failed;
    if (!play.error) {
      EXPECT_EQ(play.results.size(), static_cast<std::size_t>(returned)) << "each result that there was is given";
      EXPECT_GE(returned, 1);
    } else if (play.ended_cancelled()) {
      EXPECT_TRUE(play.cancelled);
      EXPECT_TRUE(returned == 0 || failed > 0) << "a result was lost to the cancellation";
    } else {
      EXPECT_TRUE(play.failed_with_branch());
      EXPECT_GE(failed, 1);
    }
  });
}

Task<void> pop_one_of(Queue<int>& a, Queue<int>& b, std::vector<int>& popped) {
  auto first = co_await when_any(a.pop(), b.pop(), sleep(1h));
  if (auto& item = std::get<0>(first.results)) popped.push_back(item->value());
  if (auto& item = std::get<1>(first.results)) popped.push_back(item->value());
}

enum class Step { kPushA, kPushB, kRun, kCancel, kDestroy };

// Waits that are dropped, not cancelled: of a when_any() that stands at two queues.
void play_pops(const std::vector<Step>& steps) {
  Queue<int> a{1};
  Queue<int> b{1};
  std::vector<int> popped;
  std::size_t pushed = 0;
  test::Stage stage;
  const std::size_t waiter = stage.spawn(pop_one_of(a, b, popped));
  bool cancelled = false;
  for (const Step step : steps) {
    if (step == Step::kPushA) pushed += a.try_push(1) ? 1 : 0;
    if (step == Step::kPushB) pushed += b.try_push(2) ? 1 : 0;
    if (step == Step::kRun) stage.run();
    if (step == Step::kCancel && stage.outcome(waiter) == test::JobEnd::kWaits) {
      cancelled = true;
      stage.cancel(waiter);
    }
    if (step == Step::kDestroy) stage.destroy(waiter);
  }
  stage.settle();
  std::size_t left = 0;
  if (!stage.waits(waiter)) {
    for (Queue<int>* queue : {&a, &b}) left += queue->try_pop() ? 1 : 0;
  }
  EXPECT_EQ(popped.size() + left, pushed) << "an item was lost, or a dropped pop() still waits";
  switch (stage.outcome(waiter)) {
    case test::JobEnd::kWaits:
      EXPECT_TRUE(pushed == 0 && !cancelled);
      break;
    case test::JobEnd::kDone:
      EXPECT_FALSE(popped.empty());
      break;
    case test::JobEnd::kCancelled:
      EXPECT_TRUE(cancelled && popped.empty());
      break;
    case test::JobEnd::kDestroyed:
      break;
    case test::JobEnd::kLogicError:
      ADD_FAILURE() << "std::logic_error";
  }
}

TEST(WhenAny, LosesNoItemOfTheQueuesThatItWaitsAtInAnyOrder) {
  constexpr int kSteps = 5;
  int sequences = 1;
  for (int length = 0; length < 5; ++length) sequences *= kSteps;
  for (int sequence = 0; sequence < sequences; ++sequence) {
    std::vector<Step> steps;
    bool destroyed = false;
    for (int rest = sequence, i = 0; i < 5 && !destroyed; ++i, rest /= kSteps) {
      steps.push_back(static_cast<Step>(rest % kSteps));
      destroyed = steps.back() == Step::kDestroy;
    }
    SCOPED_TRACE(sequence);
    play_pops(steps);
    if (::testing::Test::HasFailure()) return;
  }
}

Task<void> leave_late_pops(Queue<int>& queue, Event& event) {
  const auto late = co_await move_on_after(1ms, queue.pop());
  EXPECT_FALSE(late.has_value());
  EXPECT_TRUE(queue.try_push(5));
  EXPECT_EQ(queue.try_pop(), 5) << "the late pop() waits no more";
  const auto set = co_await move_on_after(1ms, event.wait());
  EXPECT_FALSE(set.has_value());
  EXPECT_FALSE(event.waited_for());
}

TEST(MoveOnAfter, DropsALateWaitOfAPrimitive) {
  Queue<int> queue{1};
  Event event;
  block_on(leave_late_pops(queue, event));
}

Task<void> combine_success(Play& play) {
  try {
    auto first = co_await first_success(branch(play.a, play.alive), branch(play.b, play.alive));
    if (auto& result = std::get<0>(first.results)) play.results.push_back(*result);
    if (auto& result = std::get<1>(first.results)) play.results.push_back(*result);
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
  play.alive_at_end = play.alive;
}

TEST(FirstSuccess, GivesAResultIfThereIsOneInAnyOrder) {
  for_each_order(kEvents, [](const Order& order, bool stubborn) {
    Play play;
    play.play(order, stubborn, combine_success);
    if (play.destroyed) return;
    const int returned = play.a.returned + play.b.returned;
    EXPECT_EQ(play.results.size(), static_cast<std::size_t>(returned));
    EXPECT_EQ(play.error == nullptr, returned > 0);
    EXPECT_TRUE(!play.error || play.cancelled || play.failed_with_branch());
  });
}

Task<int> first_that_works(int& alive) {
  auto first = co_await first_success(failing(), for_ever(alive), soon(5), failing());
  EXPECT_EQ(first.index, 2U);
  EXPECT_EQ(alive, 0);
  co_return first.get<2>();
}

TEST(FirstSuccess, PassesOverThoseThatThrow) {
  int alive = 0;
  EXPECT_EQ(block_on(first_that_works(alive)), 5);
}

Task<void> none_works() {
  std::vector<Task<int>> tasks;
  tasks.push_back(failing());
  tasks.push_back(failing());
  static_cast<void>(co_await first_success(std::move(tasks)));
}

TEST(FirstSuccess, ThrowsTheFirstExceptionWhenAllThrow) { EXPECT_THROW(block_on(none_works()), std::runtime_error); }

}  // namespace
}  // namespace tern
