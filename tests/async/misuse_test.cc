// Mistakes with tasks, groups and generators: each row is one mistake, and the sentence that it gets.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tern/async.h"
#include "tern/async/blocking.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> one() { co_return 1; }
Task<void> nothing() { co_return; }

Task<void> task_awaited_twice() {
  Task<int> task = one();
  const int first = co_await std::move(task);
  EXPECT_EQ(first, 1);
  static_cast<void>(co_await std::move(task));  // NOLINT(bugprone-use-after-move): the mistake
}

Task<void> task_moved_from() {
  Task<void> task = nothing();
  const Task<void> other = std::move(task);
  co_await std::move(task);  // NOLINT(bugprone-use-after-move): the mistake
}

Task<void> task_moved_from_spawned() {
  Task<void> task = nothing();
  const Task<void> other = std::move(task);
  TaskGroup group;
  group.spawn(std::move(task));  // NOLINT(bugprone-use-after-move): the mistake
  co_await group.join();
}

Task<void> task_moved_from_gathered() {
  std::vector<Task<int>> tasks(2);
  static_cast<void>(co_await gather(std::move(tasks)));
}

Task<void> task_moved_from_limited() { static_cast<void>(co_await with_timeout(1h, Task<int>{})); }
Task<void> task_moved_from_shielded() { co_await shield(Task<void>{}); }

Task<void> group_joined_twice() {
  TaskGroup group;
  group.spawn(nothing());
  co_await group.join();
  co_await group.join();
}

Task<void> join(TaskGroup& group) { co_await group.join(); }

Task<void> group_joined_by_two() {
  Event event;
  TaskGroup group;
  group.spawn([](Event& its) -> Task<void> { co_await its.wait(); }(event));
  TaskGroup joiners;
  joiners.spawn(join(group));
  joiners.spawn(join(group));
  // The second one fails, and its failure cancels the first.
  co_await joiners.join();
}

Task<void> group_joined_by_its_member() {
  TaskGroup group;
  group.spawn(join(group));
  co_await group.join();
}

Task<void> spawned_after_the_join() {
  TaskGroup group;
  co_await group.join();
  group.spawn(nothing());
}

Task<void> spawned_on_another_loop() {
  TaskGroup group;
  LoopThread other;
  const auto spawn_there = [](TaskGroup& its) -> Task<void> {
    its.spawn(nothing());
    co_return;
  };
  co_await run_on(other.loop(), spawn_there(group));
}

Task<void> await_member(std::optional<TaskGroup::Member<void>>& member) { co_await *member; }

Task<void> member_awaits_itself() {
  TaskGroup group;
  std::optional<TaskGroup::Member<void>> member;
  member.emplace(group.spawn(await_member(member)));
  co_await group.join();
}

Task<void> result_too_early() {
  TaskGroup group;
  auto member = group.spawn(one());
  static_cast<void>(member.result());
  co_await group.join();
}

AsyncGenerator<int> wait_and_count() {
  for (int i = 0;; ++i) {
    co_await sleep(1ms);
    co_yield i;
  }
}

Task<void> ask_for_one(AsyncGenerator<int>& numbers) { static_cast<void>(co_await numbers.next()); }

Task<void> two_nexts() {
  AsyncGenerator<int> numbers = wait_and_count();
  TaskGroup group;
  group.spawn(ask_for_one(numbers));
  group.spawn(ask_for_one(numbers));
  co_await group.join();
}

AsyncGenerator<int> ask_itself(AsyncGenerator<int>& self) {
  const std::optional<int> number = co_await self.next();
  co_yield number.value_or(0);
}

Task<void> generator_asks_itself() {
  AsyncGenerator<int> self;
  self = ask_itself(self);
  static_cast<void>(co_await self.next());
}

struct Mistake {
  const char* name;
  Task<void> (*make)();
  const char* sentence;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

constexpr Mistake kMistakes[] = {
    {"TaskAwaitedTwice", task_awaited_twice, "awaited before or moved from"},
    {"TaskMovedFrom", task_moved_from, "awaited before or moved from"},
    {"TaskMovedFromSpawned", task_moved_from_spawned, "awaited before or moved from"},
    {"TaskMovedFromGathered", task_moved_from_gathered, "awaited before or moved from"},
    {"TaskMovedFromLimited", task_moved_from_limited, "awaited before or moved from"},
    {"TaskMovedFromShielded", task_moved_from_shielded, "awaited before or moved from"},
    {"GroupJoinedTwice", group_joined_twice, "join it once"},
    {"GroupJoinedByTwo", group_joined_by_two, "join it once"},
    {"GroupJoinedByItsMember", group_joined_by_its_member, "in one of its own members"},
    {"SpawnedAfterTheJoin", spawned_after_the_join, "use another group"},
    {"SpawnedOnAnotherLoop", spawned_on_another_loop, "another loop"},
    {"MemberAwaitsItself", member_awaits_itself, "awaits itself"},
    {"ResultTooEarly", result_too_early, "no result yet"},
    {"TwoNexts", two_nexts, "while another next() waits"},
    {"GeneratorAsksItself", generator_asks_itself, "while another next() waits"},
};

class Misuse : public ::testing::TestWithParam<Mistake> {};

TEST_P(Misuse, IsALogicErrorThatSaysWhatToDo) {
  try {
    block_on(GetParam().make());
    FAIL() << "it was accepted";
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string{error.what()}.find(GetParam().sentence), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, Misuse, ::testing::ValuesIn(kMistakes),
                         [](const ::testing::TestParamInfo<Mistake>& row) { return row.param.name; });

}  // namespace
}  // namespace tern
