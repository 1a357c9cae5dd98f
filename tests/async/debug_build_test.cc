// Builds with TERN_DEBUG name a Task that nobody awaited and a TaskGroup that nobody joined. Compiled with a copy of
// async/ that has TERN_DEBUG on, whatever the rest is built with.
#include "tern/detail/debug_build.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "support/captured_log.h"
#include "tern/async.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using test::CapturedLog;

static_assert(detail::kDebugBuild);

[[gnu::noinline]] Task<int> forgotten(int number) { co_return number; }

/// Returns the line that makes the task.
[[gnu::noinline]] int forget() {
  Task<int> task = forgotten(7);
  const int line = __LINE__ - 1;
  EXPECT_TRUE(task);
  return line;
}

std::string here(int line) { return "debug_build_test.cc:" + std::to_string(line); }

TEST(DebugBuild, NamesATaskThatNobodyAwaitedAndTheLineThatMadeIt) {
  const CapturedLog log;
  const int line = forget();
  EXPECT_EQ(log.count("was destroyed and never awaited"), 1) << log.text();
  EXPECT_EQ(log.count("forgotten(int)"), 1) << log.text();
  EXPECT_EQ(log.count(here(line)), 1) << log.text();
}

TEST(DebugBuild, NamesATaskThatWasOverwritten) {
  const CapturedLog log;
  const auto body = []() -> Task<void> {
    Task<int> task = forgotten(1);
    task = forgotten(2);
    const int number = co_await std::move(task);
    EXPECT_EQ(number, 2);
  };
  block_on(body());
  EXPECT_EQ(log.count("was destroyed and never awaited"), 1) << log.text();
}

TEST(DebugBuild, SaysNothingOfTasksThatRan) {
  const CapturedLog log;
  const auto body = []() -> Task<void> {
    Task<int> task = forgotten(1);
    Task<int> other = std::move(task);
    const int number = co_await std::move(other);
    EXPECT_EQ(number, 1);
    const auto [one, two] = co_await gather(forgotten(1), forgotten(2));
    EXPECT_EQ(one + two, 3);
    const int in_time = co_await with_timeout(1h, forgotten(3));
    EXPECT_EQ(in_time, 3);
  };
  block_on(body());
  EXPECT_EQ(log.text(), "");
}

void make_and_throw() {
  const Task<int> task = forgotten(1);
  throw std::runtime_error("before the co_await");
}

TEST(DebugBuild, SaysNothingOfATaskThatAnExceptionPassedBy) {
  const CapturedLog log;
  EXPECT_THROW(make_and_throw(), std::runtime_error);
  EXPECT_EQ(log.text(), "");
}

enum class Joins { kNever, kOnce, kMayBeDropped };

Task<int> use_a_group(Joins joins, bool runs_on) {
  TaskGroup group;
  const int line = __LINE__ - 1;
  if (joins == Joins::kMayBeDropped) group.may_be_dropped();
  const auto member = [](bool its_runs_on) -> Task<void> {
    if (its_runs_on) co_await sleep(1h);
  };
  group.spawn(member(runs_on));
  co_await sleep(0ms);
  if (joins == Joins::kOnce) co_await group.join();
  co_return line;
}

TEST(DebugBuild, NamesAGroupThatNobodyJoined) {
  struct Case {
    Joins joins;
    bool runs_on;
    int reports;
  };
  for (const Case& each : {Case{Joins::kNever, true, 1}, Case{Joins::kNever, false, 1}, Case{Joins::kOnce, false, 0},
                           Case{Joins::kMayBeDropped, true, 0}}) {
    const CapturedLog log;
    const int line = block_on(use_a_group(each.joins, each.runs_on));
    EXPECT_EQ(log.count("was destroyed and never joined"), each.reports) << log.text();
    EXPECT_EQ(log.count(here(line)), each.reports) << log.text();
    EXPECT_EQ(log.count(": " + std::to_string(each.runs_on ? 1 : 0) + " running tasks"), each.reports) << log.text();
  }
}

}  // namespace
}  // namespace tern
