#include "tern/async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/tracker.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> number(int value) { co_return value; }

Task<int> sum(int a, int b) {
  const int first = co_await number(a);
  const int second = co_await number(b);
  co_return first + second;
}

TEST(Task, GivesItsResult) { EXPECT_EQ(block_on(sum(2, 3)), 5); }

Task<std::unique_ptr<int>> owned_seven() { co_return std::make_unique<int>(7); }

TEST(Task, GivesWhatCanOnlyBeMoved) { EXPECT_EQ(*block_on(owned_seven()), 7); }

struct Pair {
  std::string name;
  std::shared_ptr<int> shared;
};

Task<Pair> pair_of(std::string name, std::shared_ptr<int> shared) {
  co_await sleep(0ms);
  co_return {std::move(name), std::move(shared)};
}
Task<Pair> named_pair(std::shared_ptr<int> shared) { co_return {.name = "named", .shared = std::move(shared)}; }
Task<Pair> empty_pair() { co_return {}; }
Task<std::string> repeated(std::size_t times) { co_return {std::string(times, 'a')}; }
Task<std::vector<int>> numbers() { co_return {1, 2, 3}; }
Task<std::optional<int>> nothing() { co_return {}; }
Task<std::string> converted() { co_return "converted"; }
Task<Pair> copied(const Pair& pair) { co_return pair; }

TEST(CoReturn, TakesBracesForAnAggregate) {
  const auto shared = std::make_shared<int>(7);
  {
    const Pair pair = block_on(pair_of("a long name that lies in a block of its own", shared));
    EXPECT_EQ(pair.name, "a long name that lies in a block of its own");
    EXPECT_EQ(pair.shared, shared);
    EXPECT_EQ(block_on(named_pair(shared)).name, "named");
    EXPECT_EQ(block_on(copied(pair)).name, pair.name);
    EXPECT_EQ(block_on(empty_pair()).shared, nullptr);
  }
  EXPECT_EQ(shared.use_count(), 1) << "each copy was destroyed once";
}

TEST(CoReturn, TakesBracesForAClass) {
  EXPECT_EQ(block_on(repeated(3)), "aaa");
  EXPECT_EQ(block_on(numbers()), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(block_on(nothing()), std::nullopt);
  EXPECT_EQ(block_on(converted()), "converted");
}

/// Counts copies and moves.
struct Counted {
  int copies = 0;
  int moves = 0;
  Counted() = default;
  Counted(const Counted& other) : copies(other.copies + 1), moves(other.moves) {}
  Counted(Counted&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() = default;
};

Task<Counted> local() {
  Counted counted;
  co_return counted;
}

TEST(CoReturn, MovesALocalOnceIntoTheTaskAndOnceOutOfIt) {
  const auto body = []() -> Task<int> {
    const Counted counted = co_await local();
    co_return counted.copies * 100 + counted.moves;
  };
  EXPECT_EQ(block_on(body()), 2);
}

Task<int> tracked(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(0ms);
  co_return 1;
}

TEST(Task, DestroyedBeforeItStartsItNeverRuns) {
  int alive = 0;
  {
    const Task<int> task = tracked(alive);
    EXPECT_EQ(alive, 0);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Task, DestroyedAfterItsEnd) {
  int alive = 0;
  EXPECT_EQ(block_on(tracked(alive)), 1);
  EXPECT_EQ(alive, 0);
}

Task<int> fail(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(0ms);
  throw std::runtime_error("deep down");
}
Task<int> middle(int& alive) {
  const test::Tracker tracker{alive};
  const int value = co_await fail(alive);
  co_return value;
}
Task<int> outer(int& alive) {
  const test::Tracker tracker{alive};
  const int value = co_await middle(alive);
  co_return value;
}

TEST(Task, ExceptionsPassThroughThreeLevels) {
  int alive = 0;
  try {
    block_on(outer(alive));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "deep down");
  }
  EXPECT_EQ(alive, 0);
}

Task<int> recover(int& alive) {
  int value = 0;
  try {
    value = co_await outer(alive);
  } catch (const std::runtime_error&) {
    value = -1;
  }
  co_return value;
}

TEST(Task, ExceptionsCanBeCaughtInTheCoroutine) {
  int alive = 0;
  EXPECT_EQ(block_on(recover(alive)), -1);
}

Task<long> many(int count) {
  long total = 0;
  for (int i = 0; i < count; ++i) total += co_await number(1);
  co_return total;
}

TEST(Task, AMillionAwaitsDoNotGrowTheStack) { EXPECT_EQ(block_on(many(1'000'000)), 1'000'000); }

Task<int> nest(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await nest(depth - 1);
  co_return below + 1;
}

TEST(Task, NestsAHundredThousandDeepWithoutGrowingTheStack) { EXPECT_EQ(block_on(nest(100'000)), 100'000); }

TEST(Task, MovedFromIsEmpty) {
  Task<int> task = number(1);
  EXPECT_TRUE(task);
  const Task<int> other = std::move(task);
  EXPECT_FALSE(task);  // NOLINT(bugprone-use-after-move): what is tested
  EXPECT_TRUE(other);
}

Task<void> await_again(bool& refused) {
  Task<int> task = number(1);
  const Task<int> other = std::move(task);
  try {
    static_cast<void>(co_await std::move(task));  // NOLINT(bugprone-use-after-move): what is tested
  } catch (const std::logic_error&) {
    refused = true;
  }
}

TEST(Task, ThrowsWhenItIsAwaitedAfterAMove) {
  bool refused = false;
  block_on(await_again(refused));
  EXPECT_TRUE(refused);
}

Task<std::string> concatenate(std::string text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    co_await sleep(0ms);
    all += text;
  }
  co_return all;
}

TEST(Task, KeepsItsArguments) { EXPECT_EQ(block_on(concatenate(std::string(100, 'x'), 3)).size(), 300U); }

}  // namespace
}  // namespace tern
