#include "tern/async/run_on.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "support/tracker.h"
#include "tern/async/blocking.h"
#include "tern/async/event.h"
#include "tern/async/gather.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/async/with_timeout.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

/// Notes on which thread it is destroyed.
struct Captured {
  explicit Captured(std::atomic<std::thread::id>& its_thread) : thread(&its_thread) {}
  Captured(Captured&& other) noexcept : thread(std::exchange(other.thread, nullptr)) {}
  Captured& operator=(Captured&&) = delete;
  ~Captured() {
    if (thread != nullptr) *thread = std::this_thread::get_id();
  }
  std::atomic<std::thread::id>* thread;
};

Task<std::thread::id> where(Captured /*captured*/) {
  co_await sleep(0ms);
  co_return std::this_thread::get_id();
}

Loop& other_loop() {
  for (Loop* loop : Loop::require_current("a test").siblings()) {
    if (loop != Loop::current()) return *loop;
  }
  throw std::logic_error("there is one loop only");
}

Task<void> run_there() {
  std::atomic<std::thread::id> destroyed_on{};
  const std::thread::id there = co_await run_on(other_loop(), where(Captured{destroyed_on}));
  EXPECT_NE(there, std::this_thread::get_id());
  EXPECT_EQ(destroyed_on.load(), there) << "what it captured is destroyed where it ran, before it is over";
  const std::thread::id here = co_await run_on(*Loop::current(), where(Captured{destroyed_on}));
  EXPECT_EQ(here, std::this_thread::get_id());
}

TEST(RunOn, RunsOnTheOtherLoopAndDestroysThere) { block_on(run_there(), {.threads = 2}); }

Task<std::unique_ptr<std::string>> text_there(bool fail) {
  co_await sleep(0ms);
  if (fail) throw std::runtime_error("it failed there");
  co_return std::make_unique<std::string>("from there");
}

Task<void> results_and_errors() {
  const std::unique_ptr<std::string> text = co_await run_on(other_loop(), text_there(false));
  EXPECT_EQ(*text, "from there");
  bool thrown = false;
  try {
    static_cast<void>(co_await run_on(other_loop(), text_there(true)));
  } catch (const std::runtime_error& error) {
    thrown = std::string{error.what()} == "it failed there";
  }
  EXPECT_TRUE(thrown);
}

TEST(RunOn, BringsResultsAndExceptionsBack) { block_on(results_and_errors(), {.threads = 2}); }

struct Shared {
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> cancelled = 0;
};

struct Counted {
  explicit Counted(std::shared_ptr<Shared> its_shared) : shared(std::move(its_shared)) { ++shared->begun; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { ++shared->ended; }
  std::shared_ptr<Shared> shared;
};

Task<void> stay_there(std::shared_ptr<Shared> shared) {
  const Counted counted{shared};
  try {
    co_await sleep(1h);
  } catch (const Cancelled&) {
    ++shared->cancelled;
    throw;
  }
}

Task<void> cancel_it() {
  auto shared = std::make_shared<Shared>();
  bool late = false;
  try {
    co_await with_timeout(5ms, run_on(other_loop(), stay_there(shared)));
  } catch (const TimedOut&) {
    late = true;
  }
  EXPECT_TRUE(late);
  EXPECT_EQ(shared->begun, shared->ended) << "it has ended when the caller goes on";
  EXPECT_EQ(shared->begun, shared->cancelled);
}

TEST(RunOn, CancelledItCancelsThereAndWaits) { block_on(cancel_it(), {.threads = 2}); }

Task<void> destroy_who_waits() {
  auto shared = std::make_shared<Shared>();
  {
    TaskGroup group;
    group.spawn(run_on(other_loop(), stay_there(shared)));
    while (shared->begun == 0) co_await sleep(1ms);
  }
  while (shared->ended == 0) co_await sleep(1ms);
  EXPECT_EQ(shared->cancelled, 0);
}

TEST(RunOn, DestroyedItDestroysTheTaskThere) { block_on(destroy_who_waits(), {.threads = 2}); }

Task<JobContext> context_there() { co_return Job::current()->inherited; }

Task<JobContext> inherit() {
  Job::current()->inherited.name = "here";
  Job::current()->inherited.carried = std::make_shared<const int>(7);
  co_return co_await with_timeout(1h, run_on(other_loop(), context_there()));
}

TEST(RunOn, InheritsTheContext) {
  const JobContext there = block_on(inherit(), {.threads = 2});
  EXPECT_TRUE(there.deadline.has_value());
  EXPECT_STREQ(there.name, "here");
  ASSERT_NE(there.carried, nullptr);
  EXPECT_EQ(*static_cast<const int*>(there.carried.get()), 7);
}

Task<void> wait_for_what_ends(Loop& loop, std::shared_ptr<Shared> shared, bool& told) {
  try {
    co_await run_on(loop, stay_there(std::move(shared)));
  } catch (const LoopEnded&) {
    told = true;
  }
}

Task<void> end_the_other_loop() {
  auto shared = std::make_shared<Shared>();
  std::optional<LoopThread> other{std::in_place};
  bool told = false;
  TaskGroup group;
  group.spawn(wait_for_what_ends(other->loop(), shared, told));
  while (shared->begun == 0) co_await sleep(1ms);
  other.reset();
  EXPECT_EQ(shared->ended, 1) << "the loop takes what runs on it along";
  co_await group.join();
  EXPECT_TRUE(told);
}

TEST(RunOn, SaysThatTheOtherLoopHasEnded) { block_on(end_the_other_loop()); }

Task<int> in_turn(Loop& there, Loop& here, int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await run_on(there, in_turn(here, there, depth - 1));
  co_return below + 1;
}

Task<int> to_and_fro() { co_return co_await in_turn(other_loop(), *Loop::current(), 20); }

TEST(RunOn, GoesToAndFro) { EXPECT_EQ(block_on(to_and_fro(), {.threads = 2}), 20); }

// Cancellation meets the end of the task at every moment: the task has ended, or was cancelled and has ended.
Task<int> short_there() {
  co_await sleep(0ms);
  co_return 1;
}

Task<void> race(int rounds) {
  int results = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::optional<int> result =
        co_await move_on_after(std::chrono::microseconds{i % 50}, run_on(other_loop(), short_there()));
    if (result) ++results;
  }
  EXPECT_LE(results, rounds);
}

TEST(RunOn, MeetsItsCancellationAtEveryMoment) { block_on(race(500), {.threads = 2}); }

}  // namespace
}  // namespace tern
