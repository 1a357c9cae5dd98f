#include "tern/async/gather.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/tracker.h"
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

}  // namespace
}  // namespace tern
