#include "tern/async/async_generator.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "support/tracker.h"
#include "tern/async/event.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

AsyncGenerator<int> count_to(int last, int& alive) {
  const test::Tracker tracker{alive};
  for (int i = 1; i <= last; ++i) {
    if (i % 2 == 0) co_await sleep(0ms);
    co_yield i;
  }
}

Task<std::vector<int>> collect(AsyncGenerator<int> numbers) {
  std::vector<int> all;
  while (const std::optional<int> number = co_await numbers.next()) all.push_back(*number);
  const std::optional<int> after = co_await numbers.next();
  EXPECT_FALSE(after) << "a finished generator stays finished";
  co_return all;
}

TEST(AsyncGenerator, AwaitsAndYields) {
  int alive = 0;
  EXPECT_EQ(block_on(collect(count_to(5, alive))), (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGenerator, OfNothing) {
  int alive = 0;
  EXPECT_TRUE(block_on(collect(count_to(0, alive))).empty());
  EXPECT_TRUE(block_on(collect(AsyncGenerator<int>{})).empty());
}

Task<int> take_two(int& alive) {
  AsyncGenerator<int> numbers = count_to(5, alive);
  const std::optional<int> first = co_await numbers.next();
  const std::optional<int> second = co_await numbers.next();
  EXPECT_EQ(alive, 1);
  co_return *first + *second;
}

TEST(AsyncGenerator, DroppedHalfWayItIsDestroyed) {
  int alive = 0;
  EXPECT_EQ(block_on(take_two(alive)), 3);
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGenerator, DroppedBeforeItBegan) {
  int alive = 0;
  {
    const AsyncGenerator<int> numbers = count_to(5, alive);
  }
  EXPECT_EQ(alive, 0);
}

AsyncGenerator<int> fail_after_one() {
  co_yield 1;
  throw std::runtime_error("no more");
}

Task<void> expect_failure() {
  AsyncGenerator<int> numbers = fail_after_one();
  const std::optional<int> first = co_await numbers.next();
  EXPECT_EQ(first, 1);
  bool thrown = false;
  try {
    const std::optional<int> second = co_await numbers.next();
    ADD_FAILURE() << "got " << second.value_or(0);
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
  const std::optional<int> third = co_await numbers.next();
  EXPECT_FALSE(third);
}

TEST(AsyncGenerator, ThrowsWhatTheBodyThrew) { block_on(expect_failure()); }

AsyncGenerator<std::unique_ptr<int>> owned() {
  co_yield std::make_unique<int>(1);
  co_yield std::make_unique<int>(2);
}

Task<int> sum_owned() {
  AsyncGenerator<std::unique_ptr<int>> numbers = owned();
  int sum = 0;
  while (const std::optional<std::unique_ptr<int>> number = co_await numbers.next()) sum += **number;
  co_return sum;
}

TEST(AsyncGenerator, YieldsWhatCanOnlyBeMoved) { EXPECT_EQ(block_on(sum_owned()), 3); }

AsyncGenerator<int> zeros(int count) {
  for (int i = 0; i < count; ++i) co_yield 0;
}

Task<int> count_all(int count) {
  AsyncGenerator<int> numbers = zeros(count);
  int seen = 0;
  while (co_await numbers.next_pointer() != nullptr) ++seen;
  co_return seen;
}

AsyncGenerator<std::shared_ptr<int>> temporary_and_own(std::shared_ptr<int> first, std::shared_ptr<int> second) {
  co_yield std::move(first);
  co_yield second;
}

Task<void> release_each(std::weak_ptr<int> first, std::weak_ptr<int> second,
                        AsyncGenerator<std::shared_ptr<int>> pointers) {
  pointers.release();
  EXPECT_FALSE(first.expired());
  static_cast<void>(co_await pointers.next_pointer());
  EXPECT_FALSE(first.expired());
  pointers.release();
  pointers.release();
  EXPECT_TRUE(first.expired());
  static_cast<void>(co_await pointers.next_pointer());
  pointers.release();
  EXPECT_FALSE(second.expired());
  EXPECT_EQ(co_await pointers.next_pointer(), nullptr);
  pointers.release();
}

TEST(AsyncGenerator, ReleasesATemporaryAndNothingOfTheBodysOwn) {
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  const std::weak_ptr<int> of_first = first;
  const std::weak_ptr<int> of_second = second;
  block_on(release_each(of_first, of_second, temporary_and_own(std::move(first), std::move(second))));
}

TEST(AsyncGenerator, AMillionYieldsDoNotGrowTheStack) { EXPECT_EQ(block_on(count_all(1'000'000)), 1'000'000); }

AsyncGenerator<int> doubled(AsyncGenerator<int> numbers) {
  while (const std::optional<int> number = co_await numbers.next()) co_yield 2 * *number;
}

TEST(AsyncGenerator, Composes) {
  int alive = 0;
  EXPECT_EQ(block_on(collect(doubled(count_to(3, alive)))), (std::vector<int>{2, 4, 6}));
  EXPECT_EQ(alive, 0);
}

/// Stands in a wait of its own, at which an event may end it.
AsyncGenerator<int> waiting(Event& event, int& alive) {
  const test::Tracker tracker{alive};
  for (int i = 0;; ++i) {
    co_await event.wait();
    co_yield i;
  }
}

Task<void> read_one(AsyncGenerator<int>& numbers) { static_cast<void>(co_await numbers.next()); }

enum class Gone { kWaiting, kWoken, kByAnException, kMovedBefore };

/// The job that awaits next() is destroyed, and the generator lives on.
Task<void> lose_the_reader(Gone how, int& alive) {
  Event event;
  AsyncGenerator<int> numbers = waiting(event, alive);
  try {
    if (how == Gone::kMovedBefore) {
      AsyncGenerator<int> moved = std::move(numbers);
      numbers = std::move(moved);
    }
    TaskGroup group;
    group.spawn(read_one(numbers));
    co_await sleep(0ms);
    EXPECT_EQ(alive, 1);
    if (how == Gone::kWoken) event.set();
    if (how == Gone::kByAnException) throw std::runtime_error("something else failed");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(alive, 0) << "its body stood in a wait of the job that has gone";
  event.set();
  co_await sleep(0ms);
  EXPECT_FALSE(numbers);
  const std::optional<int> after = co_await numbers.next();
  EXPECT_FALSE(after);
}

TEST(AsyncGenerator, EndsWithTheJobThatAwaitsIt) {
  for (const Gone how : {Gone::kWaiting, Gone::kWoken, Gone::kByAnException, Gone::kMovedBefore}) {
    int alive = 0;
    block_on(lose_the_reader(how, alive));
    EXPECT_EQ(alive, 0);
  }
}

/// Between two values it may change hands.
Task<void> change_readers(int& alive) {
  AsyncGenerator<int> numbers = count_to(3, alive);
  for (int i = 0; i < 2; ++i) {
    TaskGroup group;
    group.spawn(read_one(numbers));
    co_await group.join();
  }
  const std::optional<int> last = co_await numbers.next();
  EXPECT_EQ(last, 3);
}

TEST(AsyncGenerator, MayChangeReadersBetweenValues) {
  int alive = 0;
  block_on(change_readers(alive));
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace tern
