#include "tern/async/as_completed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "async/orders.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/async/yield.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> wait_for(Event& event, int value) {
  co_await event.wait();
  co_return value;
}

Task<void> in_the_order_of_their_ends() {
  std::vector<Event> events(3);
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(wait_for(events[static_cast<std::size_t>(i)], 10 * i));
  auto done = as_completed(std::move(tasks));
  events[2].set();
  auto one = co_await done.next();
  EXPECT_EQ(one->index, 2U);
  EXPECT_EQ(one->value(), 20);
  events[0].set();
  one = co_await done.next();
  EXPECT_EQ(one->index, 0U);
  events[1].set();
  one = co_await done.next();
  EXPECT_EQ(one->index, 1U);
  one = co_await done.next();
  EXPECT_FALSE(one);
  one = co_await done.next();
  EXPECT_FALSE(one);
}

TEST(AsCompleted, GivesResultsInTheOrderOfTheirEnds) { block_on(in_the_order_of_their_ends()); }

Task<int> counted(int& running, int& most, int value) {
  ++running;
  most = std::max(most, running);
  co_await yield_now();
  --running;
  if (value == 13) throw std::runtime_error("thirteen");
  co_return value;
}

Task<void> limited(std::size_t at_once, bool slow_reader) {
  int running = 0;
  int most = 0;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(counted(running, most, i));
  auto done = as_completed(std::move(tasks), {.at_once = at_once});
  std::vector<std::size_t> seen;
  int failed = 0;
  while (auto one = co_await done.next()) {
    seen.push_back(one->index);
    if (!one->outcome) ++failed;
    EXPECT_TRUE(!one->outcome || one->value() == static_cast<int>(one->index));
    if (slow_reader) {
      for (int i = 0; i < 5; ++i) co_await yield_now();
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_TRUE(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(most, static_cast<int>(std::min<std::size_t>(at_once, 50)));
}

TEST(AsCompleted, KeepsToItsLimitWithAFastAndASlowReader) {
  for (const std::size_t at_once : {1, 2, 8, 50, 100}) {
    block_on(limited(at_once, false));
    block_on(limited(at_once, true));
  }
}

Task<void> of_nothing() {
  auto done = as_completed(std::vector<Task<int>>{});
  auto one = co_await done.next();
  EXPECT_FALSE(one);
}

TEST(AsCompleted, EndsAtOnceForAnEmptyVector) { block_on(of_nothing()); }

Task<void> none_at_once() {
  std::vector<Task<int>> tasks;
  auto done = as_completed(std::move(tasks), {.at_once = 0});
  static_cast<void>(co_await done.next());
}

TEST(AsCompleted, RejectsALimitOfZero) { EXPECT_THROW(block_on(none_at_once()), std::invalid_argument); }

Task<void> read_to_the_end(AsCompleted<int>& done) {
  while (const auto one = co_await done.next()) {
  }
}

Task<void> read_twice() {
  Event event;
  std::vector<Task<int>> tasks;
  tasks.push_back(wait_for(event, 1));
  auto done = as_completed(std::move(tasks));
  TaskGroup group;
  group.spawn(read_to_the_end(done));
  co_await yield_now();
  bool refused = false;
  try {
    static_cast<void>(co_await done.next());
  } catch (const std::logic_error&) {
    refused = true;
  }
  EXPECT_TRUE(refused);
  event.set();
  co_await group.join();
}

TEST(AsCompleted, ASecondReaderIsALogicError) { block_on(read_twice()); }

Task<void> combine_completed(test::Play& play) {
  std::vector<Task<int>> both;
  both.push_back(test::branch(play.a, play.alive));
  both.push_back(test::branch(play.b, play.alive));
  auto done = as_completed(std::move(both));
  while (auto one = co_await done.next()) play.results.push_back(one->outcome ? one->value() : -1);
}

TEST(AsCompleted, GivesEachOutcomeOnceInAnyOrder) {
  using test::Happening;
  test::for_each_order({Happening::kFinishA, Happening::kFinishB, Happening::kFailA, Happening::kFailB,
                        Happening::kCancel, Happening::kDestroy},
                       [](const test::Order& order, bool stubborn) {
                         test::Play play;
                         play.play(order, stubborn, combine_completed);
                         if (play.destroyed) return;
                         if (play.error) {
                           EXPECT_TRUE(play.cancelled && play.ended_cancelled());
                           return;
                         }
                         std::sort(play.results.begin(), play.results.end());
                         EXPECT_EQ(play.results.size(), 2U);
                         EXPECT_EQ(std::count(play.results.begin(), play.results.end(), -1),
                                   play.a.failed + play.b.failed);
                       });
}

Task<void> drop_half_way(int& alive) {
  Event event;
  test::Side stays{1};
  {
    std::vector<Task<int>> tasks;
    tasks.push_back(wait_for(event, 1));
    tasks.push_back(test::branch(stays, alive));
    auto done = as_completed(std::move(tasks));
    event.set();
    auto one = co_await done.next();
    EXPECT_EQ(one->value(), 1);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(AsCompleted, DroppedItDestroysTheRest) {
  int alive = 0;
  block_on(drop_half_way(alive));
}

}  // namespace
}  // namespace tern
