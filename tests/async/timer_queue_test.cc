#include "tern/detail/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace tern {
namespace {

using namespace std::chrono_literals;

struct Noted final : Timer {
  Noted(int its_name, std::vector<int>& its_log) : name(its_name), log(&its_log) {}
  void expired() noexcept override { log->push_back(name); }
  int name;
  std::vector<int>* log;
};

const Clock::time_point kStart{};

TEST(TimerQueue, ExpiresInOrderOfTime) {
  TimerQueue queue;
  std::vector<int> log;
  Noted a{1, log};
  Noted b{2, log};
  Noted c{3, log};
  queue.arm(a, kStart + 30ms);
  queue.arm(b, kStart + 10ms);
  queue.arm(c, kStart + 20ms);
  EXPECT_EQ(queue.next(), kStart + 10ms);
  queue.expire(kStart + 20ms);
  EXPECT_EQ(log, (std::vector<int>{2, 3}));
  EXPECT_TRUE(a.armed());
  queue.expire(kStart + 1h);
  EXPECT_EQ(log, (std::vector<int>{2, 3, 1}));
  EXPECT_FALSE(queue.next());
}

TEST(TimerQueue, DisarmedOrDestroyedItDoesNotExpire) {
  TimerQueue queue;
  std::vector<int> log;
  Noted a{1, log};
  auto b = std::make_unique<Noted>(2, log);
  queue.arm(a, kStart + 1ms);
  queue.arm(*b, kStart + 2ms);
  a.disarm();
  a.disarm();
  b.reset();
  queue.expire(kStart + 1h);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(queue.size(), 0U);
}

TEST(TimerQueue, ArmedAnewItMoves) {
  TimerQueue queue;
  std::vector<int> log;
  Noted a{1, log};
  queue.arm(a, kStart + 1ms);
  queue.arm(a, kStart + 5ms);
  queue.expire(kStart + 2ms);
  EXPECT_TRUE(log.empty());
  queue.expire(kStart + 5ms);
  EXPECT_EQ(log, std::vector<int>{1});
}

TEST(TimerQueue, AgreesWithSortingWhateverIsRemoved) {
  std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same numbers each time
  TimerQueue queue;
  std::vector<int> log;
  std::vector<std::unique_ptr<Noted>> timers;
  for (int i = 0; i < 2000; ++i) {
    timers.push_back(std::make_unique<Noted>(static_cast<int>(random() % 1000), log));
    queue.arm(*timers.back(), kStart + std::chrono::milliseconds(timers.back()->name));
    if (i % 3 == 0) timers.erase(timers.begin() + static_cast<int>(random() % timers.size()));
  }
  std::vector<int> expected;
  for (const auto& timer : timers) expected.push_back(timer->name);
  std::sort(expected.begin(), expected.end());
  for (int now = 0; now <= 1000; now += 50) queue.expire(kStart + std::chrono::milliseconds(now));
  EXPECT_EQ(log, expected);
}

TEST(TimerQueue, MayGoBeforeItsTimers) {
  std::vector<int> log;
  Noted a{1, log};
  {
    TimerQueue queue;
    queue.arm(a, kStart);
  }
  EXPECT_FALSE(a.armed());
}

}  // namespace
}  // namespace tern
