#include "tern/async/shared_task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "async/orders.h"
#include "tern/async/blocking.h"
#include "tern/async/cancellation.h"
#include "tern/async/gather.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/async/with_timeout.h"
#include "tern/async/yield.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using test::branch;
using test::for_each_order;
using test::Happening;
using test::Order;
using test::Play;
using test::Side;

Task<std::string> load(int& runs, Event& go) {
  ++runs;
  co_await go.wait();
  co_return "loaded";
}

Task<void> one_run_for_all() {
  int runs = 0;
  Event go;
  const SharedTask<std::string> shared = share(load(runs, go));
  EXPECT_EQ(runs, 0) << "it begins when it is awaited";
  const auto read = [](SharedTask<std::string> its) -> Task<const std::string*> {
    const std::string& text = co_await its;
    co_return &text;
  };
  const auto set = [](Event& event) -> Task<void> {
    co_await yield_now();
    event.set();
  };
  const auto [first, second, third, done] = co_await gather(read(shared), read(shared), read(shared), set(go));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(*first, "loaded");
  EXPECT_EQ(first, second) << "nothing is copied";
  EXPECT_EQ(first, third);
  EXPECT_TRUE(shared.done());
  const std::string& again = co_await shared;
  EXPECT_EQ(&again, first);
}

TEST(SharedTask, RunsOnceForAllWhoWait) { block_on(one_run_for_all()); }

Task<int> fail_shared(int& runs) {
  ++runs;
  co_await sleep(0ms);
  throw std::runtime_error("the load failed");
}

Task<void> one_exception_for_all() {
  int runs = 0;
  const SharedTask<int> shared = share(fail_shared(runs));
  std::vector<SharedTask<int>> many{shared, shared, shared};
  int failed = 0;
  for (const auto& outcome : co_await gather_results(std::move(many))) {
    if (!outcome) ++failed;
  }
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(runs, 1);
}

TEST(SharedTask, GivesItsExceptionToAllWhoWait) { block_on(one_exception_for_all()); }

Task<void> leave_one_after_the_other(int& alive) {
  Side side{5};
  const SharedTask<int> shared = share(branch(side, alive));
  TaskGroup group;
  auto first = group.spawn(SharedTask<int>{shared});
  auto second = group.spawn(SharedTask<int>{shared});
  co_await sleep(0ms);
  first.cancel();
  co_await sleep(0ms);
  EXPECT_TRUE(first.done());
  EXPECT_EQ(alive, 1) << "the second one still waits";
  EXPECT_FALSE(shared.cancelled());
  second.cancel();
  co_await sleep(0ms);
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(shared.cancelled());
  bool told = false;
  try {
    static_cast<void>(co_await shared);
  } catch (const TaskCancelled&) {
    told = true;
  }
  EXPECT_TRUE(told);
  co_await group.join();
}

TEST(SharedTask, IsCancelledByTheLastWhoLeaves) {
  int alive = 0;
  block_on(leave_one_after_the_other(alive));
  EXPECT_EQ(alive, 0);
}

Task<void> deadline_of_the_first() {
  const auto has_deadline = []() -> Task<bool> { co_return Job::current()->inherited.deadline.has_value(); };
  const SharedTask<bool> shared = share(has_deadline());
  const bool inherited = co_await with_timeout(1h, SharedTask<bool>{shared});
  EXPECT_FALSE(inherited);
}

TEST(SharedTask, DoesNotInheritADeadline) { block_on(deadline_of_the_first()); }

Task<void> destroy_who_waits(int& alive) {
  Side side{5};
  SharedTask<int> shared = share(branch(side, alive));
  {
    TaskGroup group;
    group.spawn(SharedTask<int>{shared});
    co_await sleep(0ms);
    EXPECT_EQ(alive, 1);
  }
  co_await sleep(0ms);
  EXPECT_EQ(alive, 0) << "cancelled, since nobody waits";
  shared = share(branch(side, alive));
  {
    TaskGroup group;
    group.spawn(SharedTask<int>{shared});
    co_await sleep(0ms);
    EXPECT_EQ(alive, 1);
    shared = SharedTask<int>{};
    EXPECT_EQ(alive, 1) << "who waits holds it";
  }
  EXPECT_EQ(alive, 0);
}

TEST(SharedTask, EndsWithTheLastWhoIsDestroyed) {
  int alive = 0;
  block_on(destroy_who_waits(alive));
}

// A is the shared run; two coroutines wait for it, and the play's job is the first of them.
Task<void> combine_shared(Play& play) {
  const SharedTask<int> shared = share(branch(play.a, play.alive));
  const int& result = co_await shared;
  play.results.push_back(result);
}

TEST(SharedTask, EndsOnceInAnyOrder) {
  for_each_order({Happening::kFinishA, Happening::kFailA, Happening::kCancel, Happening::kDestroy},
                 [](const Order& order, bool stubborn) {
                   Play play;
                   play.play(order, stubborn, combine_shared);
                   if (play.destroyed) return;
                   if (play.ended_cancelled()) {
                     EXPECT_TRUE(play.cancelled);
                   } else {
                     EXPECT_EQ(play.results.size(), static_cast<std::size_t>(play.a.returned));
                     EXPECT_EQ(play.failed_with_branch(), play.a.failed == 1);
                   }
                 });
}

Task<void> await_shared(SharedTask<int> shared) { static_cast<void>(co_await shared); }

TEST(SharedTask, OnAnotherLoopIsALogicError) {
  LoopThread one;
  LoopThread other;
  SharedTask<int> shared;
  const auto make = [](SharedTask<int>& its) -> Task<void> {
    const auto number = []() -> Task<int> { co_return 1; };
    its = share(number());
    static_cast<void>(co_await its);
  };
  block_on_loop(one.loop(), make(shared));
  EXPECT_THROW(block_on_loop(other.loop(), await_shared(shared)), std::logic_error);
  EXPECT_THROW(block_on_loop(other.loop(), await_shared(SharedTask<int>{})), std::logic_error);
}

Task<void> await_itself(SharedTask<void>& self) { co_await self; }

Task<void> share_what_awaits_itself() {
  SharedTask<void> self;
  self = share(await_itself(self));
  co_await self;
}

TEST(SharedTask, ThrowsALogicErrorWhenItAwaitsItself) {
  EXPECT_THROW(block_on(share_what_awaits_itself()), std::logic_error);
}

}  // namespace
}  // namespace tern
