#include "tern/async/run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <thread>

#include "tern/async/executor.h"
#include "tern/async/loop.h"
#include "tern/async/signals.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> status(int value) { co_return value; }
Task<void> fail() {
  throw std::runtime_error("no luck");
  co_return;
}

TEST(Run, TheTasksIntIsTheExitStatus) { EXPECT_EQ(run(status(3)), 3); }

TEST(Run, AnExceptionIsOneLineAndStatusOne) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run(fail()), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: no luck\n");
}

TEST(Run, InsideOfALoopItIsRefused) {
  const auto nested = []() -> Task<void> {
    block_on(status(1));
    co_return;
  };
  EXPECT_THROW(block_on(nested()), std::logic_error);
}

TEST(Run, StartsOneLoopAThread) {
  const auto body = []() -> Task<std::size_t> {
    Loop& here = Loop::require_current("the test");
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::size_t left = here.siblings().size();
    for (Loop* loop : here.siblings()) {
      loop->post([&] {
        const std::lock_guard lock{mutex};
        threads.insert(std::this_thread::get_id());
        --left;
      });
    }
    for (;;) {
      {
        const std::lock_guard lock{mutex};
        if (left == 0) break;
      }
      co_await sleep(1ms);
    }
    co_return threads.size();
  };
  EXPECT_EQ(block_on(body(), {.threads = 3}), 3U);
}

// Timers and posts from another thread, while the loop looks for events and while it sleeps; and its end.
TEST(Run, BusyPollingHearsAllEvents) {
  const auto body = [](std::chrono::milliseconds pause) -> Task<int> {
    int sum = 0;
    for (int i = 0; i < 5; ++i) {
      co_await sleep(pause);
      sum += co_await run_in_executor([pause] {
        std::this_thread::sleep_for(pause);
        return 1;
      });
    }
    co_return sum;
  };
  EXPECT_EQ(block_on(body(1ms), {.threads = 2, .busy_poll = 100ms}), 5);
  EXPECT_EQ(block_on(body(3ms), {.threads = 2, .busy_poll = 100us}), 5);
}

Task<ssize_t> write_to_a_closed_pipe() {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const ssize_t written = ::write(ends[1], "x", 1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
  co_return written;
}

TEST(Run, AWriteToAClosedPipeFails) { EXPECT_EQ(block_on(write_to_a_closed_pipe()), -1); }

TEST(Run, SignalsAreAwaited) {
  const auto raise_soon = []() -> Task<void> {
    co_await sleep(0ms);
    std::raise(SIGUSR1);
  };
  const auto body = [](Task<void> raising) -> Task<int> {
    TaskGroup group;
    group.spawn(std::move(raising));
    const int number = co_await signals(SIGUSR1, SIGUSR2);
    co_await group.join();
    co_return number;
  };
  EXPECT_EQ(block_on(body(raise_soon())), SIGUSR1);
}

TEST(Run, SignalsAreCaughtBeforeTheyAreAwaited) {
  const auto body = []() -> Task<int> {
    CaughtSignals first = signals(SIGUSR1);
    std::raise(SIGUSR1);
    co_return co_await std::move(first);
  };
  EXPECT_EQ(block_on(body()), SIGUSR1);
}

TEST(Sleep, CountsItsTimeFromTheAwait) {
  const auto body = []() -> Task<Clock::duration> {
    Sleep made_early = sleep(5ms);
    co_await sleep(10ms);
    const auto begin = Clock::now();
    co_await made_early;
    co_return Clock::now() - begin;
  };
  EXPECT_GE(block_on(body()), 5ms);
}

TEST(Sleep, WaitsAtLeastAsLong) {
  const auto body = []() -> Task<Clock::duration> {
    const auto begin = Clock::now();
    co_await sleep(5ms);
    co_return Clock::now() - begin;
  };
  EXPECT_GE(block_on(body()), 5ms);
}

}  // namespace
}  // namespace tern
