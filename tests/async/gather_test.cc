#include "tern/async/gather.h"

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/orders.h"
#include "support/tracker.h"
#include "tern/async/event.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> after(std::chrono::milliseconds wait, int value) {
  co_await sleep(wait);
  co_return value;
}

Task<std::vector<int>> gather_numbers() {
  std::vector<Task<int>> tasks;
  tasks.push_back(after(3ms, 1));
  tasks.push_back(after(1ms, 2));
  tasks.push_back(after(2ms, 3));
  co_return co_await gather(std::move(tasks));
}

TEST(Gather, KeepsTheOrderOfAVector) { EXPECT_EQ(block_on(gather_numbers()), (std::vector<int>{1, 2, 3})); }

Task<void> nothing(int& count) {
  co_await sleep(0ms);
  ++count;
}

Task<void> gather_void(int& count) {
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(nothing(count));
  co_await gather(std::move(tasks));
}

TEST(Gather, OfTasksWithoutResult) {
  int count = 0;
  block_on(gather_void(count));
  EXPECT_EQ(count, 10);
}

Task<std::string> text() { co_return "text"; }

Task<void> gather_pack(int& count) {
  const auto [number, word, nothing_] = co_await gather(after(1ms, 7), text(), nothing(count));
  EXPECT_EQ(number, 7);
  EXPECT_EQ(word, "text");
}

TEST(Gather, OfDifferentOnes) {
  int count = 0;
  block_on(gather_pack(count));
  EXPECT_EQ(count, 1);
}

Task<int> fail_soon() {
  co_await sleep(1ms);
  throw std::runtime_error("one failed");
}

Task<int> never(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
  co_return 0;
}

Task<std::vector<int>> gather_failing(int& alive) {
  std::vector<Task<int>> tasks;
  tasks.push_back(never(alive));
  tasks.push_back(fail_soon());
  tasks.push_back(never(alive));
  co_return co_await gather(std::move(tasks));
}

TEST(Gather, OneThatThrowsCancelsTheRest) {
  int alive = 0;
  EXPECT_THROW(block_on(gather_failing(alive)), std::runtime_error);
  EXPECT_EQ(alive, 0);
}

TEST(Gather, OfAnEmptyVector) {
  const auto gather_none = []() -> Task<std::vector<int>> { co_return co_await gather(std::vector<Task<int>>{}); };
  EXPECT_TRUE(block_on(gather_none()).empty());
}

Task<void> gather_ten_thousand() {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10'000; ++i) tasks.push_back(after(10ms, i));
  const std::vector<int> all = co_await gather(std::move(tasks));
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
}

TEST(Gather, TenThousandWaitsAtOnce) { block_on(gather_ten_thousand()); }

Task<void> gather_all_kinds(int& count) {
  Event event;
  event.set();
  const auto [slept, happened, number, word] =
      co_await gather(sleep(1ms), event.wait(), after(1ms, 7), gather(text(), nothing(count)));
  static_assert(std::is_same_v<decltype(slept), const std::monostate>);
  EXPECT_TRUE(happened);
  EXPECT_EQ(number, 7);
  EXPECT_EQ(std::get<0>(word), "text");
}

TEST(Gather, TakesEveryAwaitable) {
  int count = 0;
  block_on(gather_all_kinds(count));
  EXPECT_EQ(count, 1);
}

using test::branch;
using test::for_each_order;
using test::Happening;
using test::Order;
using test::Play;

constexpr std::initializer_list<Happening> kGatherEvents{Happening::kFinishA, Happening::kFinishB, Happening::kFailA,
                                                         Happening::kFailB,   Happening::kCancel,  Happening::kDestroy};

Task<void> combine_gather(Play& play) {
  try {
    const auto [a, b] = co_await gather(branch(play.a, play.alive), branch(play.b, play.alive));
    play.results = {a, b};
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
  play.alive_at_end = play.alive;
}

TEST(Gather, EndsOnceInAnyOrder) {
  for_each_order(kGatherEvents, [](const Order& order, bool stubborn) {
    Play play;
    play.play(order, stubborn, combine_gather);
    if (play.destroyed) return;
    const bool both = play.a.returned + play.b.returned == 2;
    EXPECT_EQ(play.error == nullptr, both) << "results that are all there are given, whatever was cancelled";
    EXPECT_EQ(play.results, both ? (std::vector<int>{1, 2}) : std::vector<int>{});
    EXPECT_TRUE(both || play.cancelled || play.failed_with_branch());
  });
}

Task<void> combine_results(Play& play) {
  try {
    std::vector<Task<int>> both;
    both.push_back(branch(play.a, play.alive));
    both.push_back(branch(play.b, play.alive));
    for (auto& outcome : co_await gather_results(std::move(both))) {
      play.results.push_back(outcome ? outcome.value() : -1);
    }
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
  play.alive_at_end = play.alive;
}

TEST(GatherResults, GivesEachOutcomeInAnyOrder) {
  for_each_order(kGatherEvents, [](const Order& order, bool stubborn) {
    Play play;
    play.play(order, stubborn, combine_results);
    if (play.destroyed) return;
    if (play.error) {
      EXPECT_TRUE(play.cancelled && play.ended_cancelled());
      EXPECT_LT(play.a.returned + play.a.failed + play.b.returned + play.b.failed, 2);
      return;
    }
    const std::vector<int> expected{play.a.failed == 1 ? -1 : 1, play.b.failed == 1 ? -1 : 2};
    EXPECT_EQ(play.results, expected);
  });
}

Task<void> gather_what_a_range_makes() {
  const std::vector<int> numbers =
      co_await gather(std::views::iota(1, 4) | std::views::transform([](int number) { return after(1ms, number); }));
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));

  std::list<Task<int>> tasks;
  tasks.push_back(after(1ms, 7));
  tasks.push_back(fail_soon());
  auto outcomes =
      co_await gather_results(std::views::transform(tasks, [](Task<int>& task) { return std::move(task); }));
  EXPECT_EQ(outcomes.at(0).value(), 7);
  EXPECT_FALSE(outcomes.at(1).ok());
}

TEST(Gather, TakesARangeThatMakesAwaitables) { block_on(gather_what_a_range_makes()); }

Task<void> results_of_different(int& alive) {
  auto [number, failed, nothing_] = co_await gather_results(after(1ms, 3), fail_soon(), sleep(1ms));
  EXPECT_EQ(number.value(), 3);
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(failed.error() != nullptr);
  EXPECT_THROW(static_cast<void>(failed.value()), std::runtime_error);
  EXPECT_TRUE(nothing_.ok());
  EXPECT_EQ(nothing_.error(), nullptr);
  EXPECT_EQ(alive, 0);
}

TEST(GatherResults, TakesDifferentAwaitables) {
  int alive = 0;
  block_on(results_of_different(alive));
}

}  // namespace
}  // namespace tern
