#include "tern/async/task_group.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/tracker.h"
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

}  // namespace
}  // namespace tern
