#include "tern/async/cancellation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "async/orders.h"
#include "support/captured_log.h"
#include "tern/async/async_generator.h"
#include "tern/async/executor.h"
#include "tern/async/gather.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/async/with_timeout.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<void> guarded(Event& event, std::vector<int>& called) {
  const OnCancel first{[&] { called.push_back(1); }};
  {
    const OnCancel gone{[&] { called.push_back(0); }};
  }
  const OnCancel second{[&] { called.push_back(2); }};
  EXPECT_FALSE(cancellation_requested());
  try {
    co_await event.wait();
  } catch (const Cancelled&) {
    EXPECT_TRUE(cancellation_requested());
    const OnCancel late{[&] { called.push_back(3); }};
    EXPECT_EQ(called, (std::vector<int>{2, 1, 3})) << "in a cancelled job the constructor calls";
    throw;
  }
}

class OnCancelTest : public ::testing::Test {
 protected:
  test::Play play;
  Event event;
  std::vector<int> called;

  void start(Task<void> body) {
    const Loop::Turn turn{play.loop};
    play.job->start(std::move(body));
  }
};

TEST_F(OnCancelTest, CallsTheLastGuardFirst) {
  start(guarded(event, called));
  {
    const Loop::Turn turn{play.loop};
    play.job->cancel();
    EXPECT_EQ(called, (std::vector<int>{2, 1})) << "at once, before the coroutine goes on";
    play.job->cancel();
  }
  EXPECT_EQ(called, (std::vector<int>{2, 1, 3}));
}

TEST_F(OnCancelTest, CallsNothingWhenTheJobEnds) {
  start(guarded(event, called));
  {
    const Loop::Turn turn{play.loop};
    event.set();
  }
  play.job->cancel();
  EXPECT_TRUE(called.empty());
}

TEST_F(OnCancelTest, CallsNothingWhenTheJobIsDestroyed) {
  start(guarded(event, called));
  play.job.reset();
  EXPECT_TRUE(called.empty());
}

TEST_F(OnCancelTest, AFunctionMayWakeItsOwnCoroutine) {
  const auto body = [](Event& its) -> Task<void> {
    const OnCancel guard{[&] { its.set(); }};
    co_await its.wait();
  };
  start(body(event));
  {
    const Loop::Turn turn{play.loop};
    play.job->cancel();
  }
  EXPECT_EQ(play.ends, 1);
  EXPECT_TRUE(play.ended_cancelled());
}

TEST_F(OnCancelTest, AFunctionMayDestroyItsGuard) {
  std::optional<OnCancel> guard;
  const auto body = [](std::optional<OnCancel>& its, Event& go, std::vector<int>& calls) -> Task<void> {
    its.emplace([&its, &calls] {
      its.reset();
      calls.push_back(1);
    });
    co_await go.wait();
  };
  start(body(guard, event, called));
  {
    const Loop::Turn turn{play.loop};
    play.job->cancel();
  }
  EXPECT_EQ(called, (std::vector<int>{1}));
}

TEST_F(OnCancelTest, AGuardMayOutliveItsJob) {
  std::optional<OnCancel> guard;
  const auto body = [](std::optional<OnCancel>& its, std::vector<int>& calls) -> Task<void> {
    its.emplace([&calls] { calls.push_back(1); });
    co_return;
  };
  start(body(guard, called));
  play.job.reset();
  guard.reset();
  EXPECT_TRUE(called.empty());
}

TEST_F(OnCancelTest, AnExceptionOfAFunctionIsLogged) {
  const test::CapturedLog log;
  const auto body = [](Event& go) -> Task<void> {
    const OnCancel guard{[] { throw std::runtime_error("abort() failed"); }};
    co_await go.wait();
  };
  start(body(event));
  {
    const Loop::Turn turn{play.loop};
    play.job->cancel();
  }
  EXPECT_TRUE(play.ended_cancelled());
  EXPECT_NE(log.text().find("abort() failed"), std::string::npos);
}

TEST(OnCancel, OutsideOfAJobIsALogicError) {
  EXPECT_FALSE(cancellation_requested());
  EXPECT_THROW(const OnCancel guard([] {}), std::logic_error);
}

Task<void> guarded_deep(int& calls, Event& event) {
  const OnCancel guard{[&] { ++calls; }};
  co_await event.wait();
}

Task<void> cancel_through_combinators(int& calls) {
  Event event;
  co_await with_timeout(1ms, gather(guarded_deep(calls, event), with_timeout(1h, guarded_deep(calls, event))));
}

TEST(OnCancel, IsReachedThroughGatherAndLimits) {
  int calls = 0;
  EXPECT_THROW(block_on(cancel_through_combinators(calls)), TimedOut);
  EXPECT_EQ(calls, 2);
}

/// Computes until it is asked to stop; `running` tells that it has begun.
int compute(std::stop_token stop, std::atomic<bool>& running) {
  running = true;
  running.notify_all();
  int steps = 0;
  while (!stop.stop_requested()) {
    ++steps;
    std::this_thread::yield();
  }
  return steps > 0 ? 1 : 0;
}

Task<void> compute_for_long(std::atomic<bool>& running, int& result) {
  result =
      co_await run_in_executor([&running](std::stop_token stop) { return compute(std::move(stop), running) + 41; });
}

Task<void> stop_when_cancelled() {
  std::atomic<bool> running = false;
  int result = 0;
  TaskGroup group;
  auto computing = group.spawn(compute_for_long(running, result));
  while (!running) co_await sleep(1ms);
  computing.cancel();
  co_await group.join();
  EXPECT_GE(result, 41) << "what it returns is delivered";
}

TEST(RunInExecutor, AsksAFunctionThatTakesAStopTokenToStop) { block_on(stop_when_cancelled()); }

Task<void> stop_when_destroyed() {
  std::atomic<bool> running = false;
  int result = 0;
  {
    TaskGroup group;
    group.spawn(compute_for_long(running, result));
    while (!running) co_await sleep(1ms);
  }
  EXPECT_EQ(result, 0);
}

TEST(RunInExecutor, AsksItToStopWhenTheCoroutineIsDestroyed) { block_on(stop_when_destroyed()); }

Task<int> take_both_forms() {
  const int without = co_await run_in_executor([] { return 1; });
  co_await run_in_executor([](std::stop_token /*stop*/) {});
  Executor pool{1};
  const int with =
      co_await run_in_executor(pool, [](const std::stop_token& stop) { return stop.stop_requested() ? 0 : 2; });
  co_return without + with;
}

TEST(RunInExecutor, TakesAFunctionWithAndWithoutAStopToken) { EXPECT_EQ(block_on(take_both_forms()), 3); }

}  // namespace
}  // namespace tern
