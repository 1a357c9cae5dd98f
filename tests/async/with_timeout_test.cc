#include "tern/async/with_timeout.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/tracker.h"
#include "tern/async/executor.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> quick() {
  co_await sleep(0ms);
  co_return 1;
}

Task<int> never(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
  co_return 0;
}

TEST(WithTimeout, GivesTheResultInTime) { EXPECT_EQ(block_on(with_timeout(1h, quick())), 1); }

TEST(WithTimeout, CancelsAndThrowsTimedOut) {
  int alive = 0;
  EXPECT_THROW(block_on(with_timeout(1ms, never(alive))), TimedOut);
  EXPECT_EQ(alive, 0);
}

TEST(WithTimeout, TheOuterOneReachesThroughTheInner) {
  int alive = 0;
  EXPECT_THROW(block_on(with_timeout(1ms, with_timeout(1h, never(alive)))), TimedOut);
  EXPECT_EQ(alive, 0);
}

Task<int> fail() {
  co_await sleep(0ms);
  throw std::runtime_error("its own");
}

TEST(WithTimeout, PassesOnWhatTheTaskThrew) { EXPECT_THROW(block_on(with_timeout(1h, fail())), std::runtime_error); }

Task<bool> inherits() {
  const auto before = Job::current()->deadline;
  const auto inner = []() -> Task<bool> { co_return Job::current()->deadline.has_value(); };
  const bool inside = co_await with_timeout(1h, inner());
  co_return !before && inside;
}

TEST(WithTimeout, IsTheDeadlineOfTheJob) { EXPECT_TRUE(block_on(inherits())); }

}  // namespace
}  // namespace tern
