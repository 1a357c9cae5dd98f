#include "tern/async/task_group.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/orders.h"
#include "support/captured_log.h"
#include "support/tracker.h"
#include "tern/async/blocking.h"
#include "tern/async/event.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/with_timeout.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<void> hold(Event& event, int& alive) {
  const test::Tracker tracker{alive};
  co_await event.wait();
}

Task<void> set(Event& event) {
  event.set();
  co_return;
}

TEST(TaskGroup, JoinsWhatWasSpawned) {
  const auto body = [](int& alive) -> Task<void> {
    Event event;
    TaskGroup group;
    group.spawn(hold(event, alive));
    group.spawn(set(event));
    EXPECT_EQ(group.running(), 2U);
    co_await group.join();
    EXPECT_EQ(group.running(), 0U);
  };
  int alive = 0;
  block_on(body(alive));
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroup, DroppedWithoutJoinItDestroysItsTasks) {
  const auto body = [](int& alive) -> Task<void> {
    Event event;
    {
      TaskGroup group;
      group.spawn(hold(event, alive));
      co_await sleep(0ms);
      EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
  };
  int alive = 0;
  block_on(body(alive));
}

TEST(TaskGroup, CancelledByHandItEndsQuietly) {
  const auto body = [](int& alive) -> Task<void> {
    Event event;
    TaskGroup group;
    group.spawn(hold(event, alive));
    co_await sleep(0ms);
    group.cancel();
    co_await group.join();
  };
  int alive = 0;
  block_on(body(alive));
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroup, SpawnedAfterCancellationItNeverBegins) {
  const auto body = [](int& alive) -> Task<void> {
    Event event;
    TaskGroup group;
    group.cancel();
    group.spawn(hold(event, alive));
    co_await group.join();
    EXPECT_FALSE(event.waited_for());
  };
  int alive = 0;
  block_on(body(alive));
}

Task<void> join_forever(Event& event, int& alive) {
  TaskGroup group;
  group.spawn(hold(event, alive));
  group.spawn(hold(event, alive));
  co_await group.join();
}

TEST(TaskGroup, CancellingTheWaiterCancelsTheTasks) {
  int alive = 0;
  Event event;
  EXPECT_THROW(block_on(with_timeout(1ms, join_forever(event, alive))), TimedOut);
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroup, OutsideOfALoopItSaysSo) {
  try {
    const TaskGroup group;
    FAIL();
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string{error.what()}.find("needs an event loop"), std::string::npos);
  }
}

Task<int> number_when(Event& event, int value) {
  co_await event.wait();
  co_return value;
}

Task<void> results_of_members() {
  Event event;
  TaskGroup group;
  auto first = group.spawn(number_when(event, 1));
  auto second = group.spawn(number_when(event, 2));
  auto slept = group.spawn(sleep(0ms));
  group.spawn(number_when(event, 3));  // nobody asks for its result
  EXPECT_FALSE(first.done());
  EXPECT_THROW(static_cast<void>(first.result()), std::logic_error) << "it has not ended";
  event.set();
  const int awaited = co_await second;
  EXPECT_EQ(awaited, 2);
  co_await group.join();
  EXPECT_EQ(first.result(), 1);
  EXPECT_EQ(second.result(), 2) << "the result may be read again";
  EXPECT_TRUE(slept.done());
  slept.result();
}

TEST(TaskGroup, GivesTheResultsOfItsMembers) { block_on(results_of_members()); }

Task<void> cancel_one_member(int& alive) {
  Event event;
  TaskGroup group;
  auto first = group.spawn(hold(event, alive));
  auto second = group.spawn(hold(event, alive));
  co_await sleep(0ms);
  EXPECT_EQ(alive, 2);
  first.cancel();
  bool cancelled = false;
  try {
    co_await first;
  } catch (const TaskCancelled&) {
    cancelled = true;
  }
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(alive, 1);
  EXPECT_FALSE(second.done());
  event.set();
  co_await group.join();
  EXPECT_EQ(group.failed(), 0U);
  second.result();
}

TEST(TaskGroup, AMemberCanBeCancelledAlone) {
  int alive = 0;
  block_on(cancel_one_member(alive));
}

Task<void> fail_when(Event& event) {
  co_await event.wait();
  throw std::runtime_error("one of three");
}

Task<void> three_fail(std::size_t& failed) {
  Event event;
  TaskGroup group;
  for (int i = 0; i < 3; ++i) group.spawn(fail_when(event));
  event.set();
  try {
    co_await group.join();
  } catch (const std::runtime_error&) {
    failed = group.failed();
  }
}

TEST(TaskGroup, ThrowsTheFirstExceptionAndCountsTheOthers) {
  std::size_t failed = 0;
  block_on(three_fail(failed));
  EXPECT_GE(failed, 1U);
  EXPECT_LE(failed, 3U);
}

Task<void> outlive_the_group(int& alive) {
  Event event;
  std::optional<TaskGroup::Member<void>> member;
  {
    TaskGroup group;
    member.emplace(group.spawn(hold(event, alive)));
    co_await sleep(0ms);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(member->done());
  EXPECT_THROW(member->result(), TaskCancelled);
  member->cancel();
}

TEST(TaskGroup, AMemberMayOutliveItsGroup) {
  int alive = 0;
  block_on(outlive_the_group(alive));
}

Task<void> spawn_a_sibling(TaskGroup& group, Event& event, int& alive) {
  co_await sleep(0ms);
  group.spawn(hold(event, alive));
  group.spawn(set(event));
}

TEST(TaskGroup, AMemberMaySpawnWhileItIsJoined) {
  const auto body = [](int& alive) -> Task<void> {
    Event event;
    TaskGroup group;
    group.spawn(spawn_a_sibling(group, event, alive));
    co_await group.join();
  };
  int alive = 0;
  block_on(body(alive));
  EXPECT_EQ(alive, 0);
}

// A member inherits the spawner's deadline.
Task<void> inherit_deadline(bool& inherited) {
  TaskGroup group;
  const auto look = [](bool& its) -> Task<void> {
    its = Job::current()->inherited.deadline.has_value();
    co_return;
  };
  group.spawn(look(inherited));
  co_await group.join();
}

TEST(TaskGroup, MembersInheritTheDeadline) {
  bool inherited = false;
  block_on(with_timeout(1h, inherit_deadline(inherited)));
  EXPECT_TRUE(inherited);
}

TEST(TaskGroup, WarnsWhenAnExceptionIsSeenByNobody) {
  const test::CapturedLog log;
  const auto body = []() -> Task<void> {
    Event event;
    event.set();
    TaskGroup group;
    group.spawn(fail_when(event));
    co_await sleep(0ms);
  };
  block_on(body());
  EXPECT_EQ(log.count("one of three"), 1) << log.text();
}

using test::Happening;
using test::Play;

Task<void> combine_group(Play& play) {
  try {
    TaskGroup group;
    auto a = group.spawn(test::branch(play.a, play.alive));
    auto b = group.spawn(test::branch(play.b, play.alive));
    co_await group.join();
    play.results = {a.result(), b.result()};
  } catch (...) {
    play.alive_at_end = play.alive;
    throw;
  }
}

TEST(TaskGroup, EndsOnceInAnyOrder) {
  test::for_each_order({Happening::kFinishA, Happening::kFinishB, Happening::kFailA, Happening::kFailB,
                        Happening::kCancel, Happening::kDestroy},
                       [](const test::Order& order, bool stubborn) {
                         Play play;
                         play.play(order, stubborn, combine_group);
                         if (play.destroyed) return;
                         if (!play.error) {
                           EXPECT_EQ(play.results, (std::vector<int>{1, 2}));
                         } else if (play.ended_cancelled()) {
                           EXPECT_TRUE(play.cancelled);
                         } else {
                           EXPECT_TRUE(play.failed_with_branch());
                         }
                       });
}

}  // namespace
}  // namespace tern
