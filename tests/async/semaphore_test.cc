#include "tern/async/semaphore.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "support/captured_log.h"
#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"

namespace tern {
namespace {

using test::JobEnd;

/// Jobs that want 1, 2, 1 and 2 of two units. They get them in order, and none is lost.
class SemaphoreWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 4;
  static std::size_t wish_of(std::size_t job) { return 1 + job % 2; }

  void acquire() { spawn(acquire_one(*this, jobs())); }
  void try_acquire() {
    std::optional<Semaphore::Units> units = semaphore->try_acquire();
    if (units) held.push_back(*std::move(units));
  }
  void release() { held.erase(held.begin()); }

  void check() {
    if (semaphore) {
      std::size_t in_use = 0;
      for (const Semaphore::Units& units : held) in_use += units.count();
      EXPECT_EQ(semaphore->available() + in_use, semaphore->total());
      for (std::size_t job = 0; job < jobs(); ++job) {
        if (!waits(job)) continue;
        EXPECT_LT(semaphore->available(), wish_of(job)) << "job " << job << " waits for units that are there";
        break;  // those behind it wait for it
      }
    } else {
      for (std::size_t job = 0; job < jobs(); ++job) EXPECT_FALSE(waits(job)) << "job " << job << " was not told";
      for (const Semaphore::Units& units : held) EXPECT_EQ(units.count(), 0U);
    }
    EXPECT_TRUE(std::is_sorted(granted_.begin(), granted_.end())) << "one has overtaken another";
    for (const std::size_t job : granted_) EXPECT_EQ(outcome(job), JobEnd::kDone);
  }

  std::optional<Semaphore> semaphore{std::in_place, 2};
  std::vector<Semaphore::Units> held;

 private:
  static Task<void> acquire_one(SemaphoreWorld& world, std::size_t job) {
    if (!world.semaphore) co_return;
    Semaphore::Units units = co_await world.semaphore->acquire(wish_of(job));
    world.granted_.push_back(job);
    world.held.push_back(std::move(units));
  }
  std::vector<std::size_t> granted_;
};

TEST(Semaphore, HoldsInEveryOrder) {
  const test::CapturedLog log;  // of semaphores that are destroyed too early
  const auto alive = [](const SemaphoreWorld& world) { return world.semaphore.has_value(); };
  std::vector<test::Operation<SemaphoreWorld>> operations = test::job_operations<SemaphoreWorld>(SemaphoreWorld::kJobs);
  operations.push_back(
      {"acquire", [](const SemaphoreWorld& world) { return world.semaphore && world.jobs() < SemaphoreWorld::kJobs; },
       [](SemaphoreWorld& world) { world.acquire(); }});
  operations.push_back({"try_acquire", alive, [](SemaphoreWorld& world) { world.try_acquire(); }});
  operations.push_back({"release", [](const SemaphoreWorld& world) { return !world.held.empty(); },
                        [](SemaphoreWorld& world) { world.release(); }});
  operations.push_back({"destroy the semaphore", alive, [](SemaphoreWorld& world) { world.semaphore.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 5), 1'000);
}

TEST(Semaphore, UnitsThatAreMovedAreGivenBackOnce) {
  Semaphore semaphore{3};
  {
    std::optional<Semaphore::Units> one = semaphore.try_acquire(1);
    std::optional<Semaphore::Units> two = semaphore.try_acquire(2);
    EXPECT_EQ(semaphore.available(), 0U);
    *one = *std::move(two);
    EXPECT_EQ(semaphore.available(), 1U);
    EXPECT_EQ(one->count(), 2U);
    EXPECT_EQ(two->count(), 0U);
  }
  EXPECT_EQ(semaphore.available(), 3U);
}

TEST(Semaphore, SaysWhatWasWrong) {
  EXPECT_EQ(test::message_of<std::invalid_argument>([] { const Semaphore semaphore{0}; }),
            "a Semaphore of 0 units lets nobody in: give it 1 or more");
  Semaphore semaphore{2};
  EXPECT_EQ(test::message_of<std::invalid_argument>([&] { static_cast<void>(semaphore.acquire(3)); }),
            "acquire(3) on a Semaphore of 2 units: ask for 1 to 2");
  EXPECT_EQ(test::message_of<std::invalid_argument>([&] { static_cast<void>(semaphore.try_acquire(0)); }),
            "acquire(0) on a Semaphore of 2 units: ask for 1 to 2");
}

TEST(Semaphore, DestroyedWhileUnitsAreInUseItLogsAnError) {
  const test::CapturedLog log;
  Semaphore::Units units;
  {
    Semaphore semaphore{2};
    units = *semaphore.try_acquire();
  }
  EXPECT_EQ(units.count(), 0U);
  EXPECT_NE(log.text().find("a Semaphore was destroyed while 1 of its 2 units were in use: destroy the units first"),
            std::string::npos);
}

}  // namespace
}  // namespace tern
