#include "tern/async/job.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <vector>

#include "support/tracker.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/sleep.h"
#include "tern/async/task.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

struct TestJob final : Job {
  using Job::Job;
  void finished(std::exception_ptr thrown) override {
    ++ends;
    error = std::move(thrown);
  }
  int ends = 0;
  std::exception_ptr error;
};

class JobTest : public ::testing::Test {
 protected:
  void start(TestJob& job, Task<void> body) {
    const Loop::Turn turn{loop};
    job.start(std::move(body));
  }
  template <class F>
  void in_turn(F f) {
    const Loop::Turn turn{loop};
    f();
  }
  boost::asio::io_context context{1};
  Loop& loop = Loop::of(context);
  Event event;
  int alive = 0;
};

Task<void> hold(Event& event, int& alive) {
  const test::Tracker tracker{alive};
  co_await event.wait();
}

Task<void> hold_deeper(Event& event, int& alive, int levels) {
  const test::Tracker tracker{alive};
  if (levels == 0) {
    co_await event.wait();
  } else {
    co_await hold_deeper(event, alive, levels - 1);
  }
}

TEST_F(JobTest, RunsItsBodyToTheEnd) {
  TestJob job{loop};
  start(job, hold(event, alive));
  EXPECT_EQ(alive, 1);
  EXPECT_FALSE(job.done());
  in_turn([&] { event.set(); });
  EXPECT_TRUE(job.done());
  EXPECT_EQ(job.ends, 1);
  EXPECT_FALSE(job.error);
  EXPECT_EQ(alive, 0);
}

TEST_F(JobTest, CancellationReachesTheInnermostWaitAndRunsDestructors) {
  TestJob job{loop};
  start(job, hold_deeper(event, alive, 3));
  EXPECT_EQ(alive, 4);
  in_turn([&] { job.cancel(); });
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(is_cancelled(job.error));
}

TEST_F(JobTest, CancelledBeforeItsFirstStepItNeverRuns) {
  TestJob job{loop};
  in_turn([&] {
    job.start(hold(event, alive));
    job.cancel();
  });
  EXPECT_EQ(job.ends, 1);
  EXPECT_TRUE(is_cancelled(job.error));
  EXPECT_FALSE(event.waited_for());
}

TEST_F(JobTest, CancellingWhatIsDoneDoesNothing) {
  TestJob job{loop};
  start(job, hold(event, alive));
  in_turn([&] { event.set(); });
  in_turn([&] { job.cancel(); });
  in_turn([&] { job.cancel(); });
  EXPECT_EQ(job.ends, 1);
  EXPECT_FALSE(job.error);
}

TEST_F(JobTest, CancelledTwiceItEndsOnce) {
  TestJob job{loop};
  start(job, hold(event, alive));
  in_turn([&] {
    job.cancel();
    job.cancel();
  });
  EXPECT_EQ(job.ends, 1);
}

TEST_F(JobTest, CancelledAfterBeingWokenItStillThrows) {
  TestJob job{loop};
  start(job, hold(event, alive));
  in_turn([&] {
    event.set();
    job.cancel();
  });
  EXPECT_TRUE(is_cancelled(job.error));
  EXPECT_EQ(alive, 0);
}

Task<void> swallow(Event& event, int& caught) {
  for (int i = 0; i < 3; ++i) {
    try {
      co_await event.wait();
    } catch (const Cancelled&) {
      ++caught;
    }
  }
}

TEST_F(JobTest, EveryLaterAwaitThrowsToo) {
  TestJob job{loop};
  int caught = 0;
  start(job, swallow(event, caught));
  in_turn([&] { job.cancel(); });
  EXPECT_EQ(caught, 3);
  EXPECT_TRUE(job.done());
  EXPECT_FALSE(job.error);
}

Task<void> swallow_for_ever(Event& event, int& caught) {
  for (;;) {
    try {
      co_await event.wait();
    } catch (const Cancelled&) {
      ++caught;
    }
  }
}

TEST_F(JobTest, ALoopThatCatchesCancelledIsResumedFromTimeToTime) {
  TestJob job{loop};
  int caught = 0;
  start(job, swallow_for_ever(event, caught));
  in_turn([&] { job.cancel(); });
  EXPECT_EQ(caught, kMostPromptCancellations);
  for (int more = 1; more <= 3; ++more) {
    const int before = caught;
    while (caught == before) context.run_one();  // the loop's timer, and a turn
    EXPECT_EQ(caught, kMostPromptCancellations + more);
  }
  EXPECT_FALSE(job.done());
}

TEST_F(JobTest, DestroyedInTheMidstOfSuchALoopItIsNotResumed) {
  auto job = std::make_unique<TestJob>(loop);
  int caught = 0;
  start(*job, swallow_for_ever(event, caught));
  in_turn([&] { job->cancel(); });
  job.reset();
  context.run_one();
  EXPECT_EQ(caught, kMostPromptCancellations);
}

Task<void> note_order(Event& event, std::vector<int>& order, int mine) {
  try {
    co_await event.wait();
  } catch (const Cancelled&) {
    order.push_back(mine);
  }
  try {
    co_await event.wait();
  } catch (const Cancelled&) {
    order.push_back(mine);
  }
}

TEST_F(JobTest, OthersRunBeforeCancellationIsDeliveredAgain) {
  TestJob first{loop};
  TestJob second{loop};
  std::vector<int> order;
  start(first, note_order(event, order, 1));
  start(second, note_order(event, order, 2));
  in_turn([&] {
    first.cancel();
    second.cancel();
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 1, 2}));
}

Task<void> catch_standard(Event& event) {
  try {
    co_await event.wait();
  } catch (const std::exception&) {
    ADD_FAILURE() << "cancellation was caught as a std::exception";
  }
}

TEST_F(JobTest, CancellationIsNoStandardException) {
  TestJob job{loop};
  start(job, catch_standard(event));
  in_turn([&] { job.cancel(); });
  EXPECT_TRUE(is_cancelled(job.error));
}

TEST_F(JobTest, DestroyedAtASuspensionPointItDestroysEveryFrame) {
  auto job = std::make_unique<TestJob>(loop);
  start(*job, hold_deeper(event, alive, 3));
  EXPECT_EQ(alive, 4);
  job.reset();
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(event.waited_for());
}

TEST_F(JobTest, DestroyedAfterBeingWokenItIsNotResumed) {
  auto job = std::make_unique<TestJob>(loop);
  start(*job, hold(event, alive));
  in_turn([&] {
    event.set();
    job.reset();
  });
  EXPECT_EQ(alive, 0);
}

TEST_F(JobTest, DestroyedBeforeItsFirstStep) {
  auto job = std::make_unique<TestJob>(loop);
  in_turn([&] {
    job->start(hold(event, alive));
    job.reset();
  });
  EXPECT_EQ(alive, 0);
}

Task<void> sleep_long(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
}

TEST_F(JobTest, CancelsASleep) {
  TestJob job{loop};
  start(job, sleep_long(alive));
  EXPECT_EQ(alive, 1);
  in_turn([&] { job.cancel(); });
  EXPECT_EQ(alive, 0);
}

TEST_F(JobTest, DestroyedInASleepItsTimerIsGone) {
  auto job = std::make_unique<TestJob>(loop);
  start(*job, sleep_long(alive));
  job.reset();
  EXPECT_EQ(alive, 0);
}

Task<void> note_current(Job*& current) {
  current = Job::current();
  co_return;
}

TEST_F(JobTest, KnowsTheJobThatRuns) {
  TestJob job{loop};
  Job* current = nullptr;
  start(job, note_current(current));
  EXPECT_EQ(current, &job);
  EXPECT_EQ(Job::current(), nullptr);
}

TEST_F(JobTest, InheritsTheContextOfItsParent) {
  TestJob parent{loop};
  const auto value = std::make_shared<const int>(7);
  parent.inherited = {.deadline = Clock::now() + 1h, .name = "orders", .carried = value};
  const TestJob child{loop, &parent};
  EXPECT_EQ(child.inherited.deadline, parent.inherited.deadline);
  EXPECT_STREQ(child.inherited.name, "orders");
  EXPECT_EQ(child.inherited.carried, value);

  parent.inherited = {};
  EXPECT_TRUE(child.inherited.deadline.has_value());
}

}  // namespace
}  // namespace tern
