#include "tern/async/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tern/async/gather.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/async/with_timeout.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<std::thread::id> thread_of_executor() {
  co_return co_await run_in_executor([] { return std::this_thread::get_id(); });
}

TEST(RunInExecutor, RunsOnAnotherThread) { EXPECT_NE(block_on(thread_of_executor()), std::this_thread::get_id()); }

Task<void> throw_in_executor() {
  co_await run_in_executor([] { throw std::runtime_error("from the pool"); });
}

TEST(RunInExecutor, ThrowsWhatTheFunctionThrew) { EXPECT_THROW(block_on(throw_in_executor()), std::runtime_error); }

Task<int> one(Executor& pool, std::atomic<int>& running, std::atomic<int>& most) {
  co_return co_await run_in_executor(pool, [&] {
    const int now = ++running;
    int seen = most.load();
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::yield();
    --running;
    return 1;
  });
}

Task<int> many(Executor& pool, std::atomic<int>& most) {
  std::atomic<int> running = 0;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(one(pool, running, most));
  const std::vector<int> all = co_await gather(std::move(tasks));
  int total = 0;
  for (const int n : all) total += n;
  co_return total;
}

TEST(RunInExecutor, APoolOfOnesOwnBoundsWhatRunsAtOnce) {
  Executor pool{3};
  std::atomic<int> most = 0;
  EXPECT_EQ(block_on(many(pool, most)), 1000);
  EXPECT_LE(most, 3);
}

/// Holds a pool's thread until it is told to let go.
struct Turnstile {
  std::atomic<bool> open = false;
  std::atomic<bool> entered = false;
  void pass() {
    entered = true;
    entered.notify_all();
    open.wait(false);
  }
  void release() {
    open = true;
    open.notify_all();
  }
};

Task<void> pass(Executor& pool, Turnstile& gate) {
  co_await run_in_executor(pool, [&gate] { gate.pass(); });
}

Task<void> note(Executor& pool, std::atomic<bool>& ran) {
  co_await run_in_executor(pool, [&ran] { ran = true; });
}

TEST(RunInExecutor, CancelledBeforeItsTurnItIsNotRun) {
  Executor pool{1};
  const auto body = [](Executor& its_pool, std::atomic<bool>& ran) -> Task<void> {
    Turnstile gate;
    TaskGroup holding;
    holding.spawn(pass(its_pool, gate));
    co_await sleep(0ms);
    gate.entered.wait(false);
    TaskGroup waiting;
    waiting.spawn(note(its_pool, ran));
    co_await sleep(0ms);
    waiting.cancel();
    co_await waiting.join();
    gate.release();
    co_await holding.join();
  };
  std::atomic<bool> ran = false;
  block_on(body(pool, ran));
  EXPECT_FALSE(ran);
}

TEST(RunInExecutor, CancelledWhileItRunsItIsWaitedFor) {
  Executor pool{1};
  const auto body = [](Executor& its_pool) -> Task<void> {
    Turnstile gate;
    TaskGroup group;
    group.spawn(pass(its_pool, gate));
    co_await sleep(0ms);
    gate.entered.wait(false);
    group.cancel();
    co_await sleep(0ms);
    EXPECT_EQ(group.running(), 1U);
    gate.release();
    co_await group.join();
  };
  block_on(body(pool));
}

TEST(RunInExecutor, DestroyedWhileItRunsItIsWaitedFor) {
  Executor pool{1};
  std::atomic<bool> ended = false;
  const auto body = [](Executor& its_pool, std::atomic<bool>& its_end) -> Task<void> {
    Turnstile gate;
    std::jthread releaser;
    {
      TaskGroup group;
      const auto hold = [](Executor& a_pool, Turnstile& a_gate, std::atomic<bool>& an_end) -> Task<void> {
        co_await run_in_executor(a_pool, [&] {
          a_gate.pass();
          an_end = true;
        });
      };
      group.spawn(hold(its_pool, gate, its_end));
      co_await sleep(0ms);
      gate.entered.wait(false);
      releaser = std::jthread{[&gate] { gate.release(); }};
    }
    EXPECT_TRUE(its_end);
  };
  block_on(body(pool, ended));
}

TEST(RunInExecutor, DoesWorkInTheOrderItCame) {
  Executor pool{1};
  const auto body = [](Executor& its_pool) -> Task<void> {
    std::vector<int> order;
    std::vector<Task<void>> tasks;
    const auto append = [](Executor& a_pool, std::vector<int>& an_order, int i) -> Task<void> {
      co_await run_in_executor(a_pool, [&an_order, i] { an_order.push_back(i); });
    };
    for (int i = 0; i < 100; ++i) tasks.push_back(append(its_pool, order, i));
    co_await gather(std::move(tasks));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  };
  block_on(body(pool));
}

TEST(RunInExecutor, GivesWhatCanOnlyBeMoved) {
  const auto body = []() -> Task<int> {
    const std::unique_ptr<int> owned = co_await run_in_executor([] { return std::make_unique<int>(5); });
    co_return *owned;
  };
  EXPECT_EQ(block_on(body()), 5);
}

}  // namespace
}  // namespace tern
