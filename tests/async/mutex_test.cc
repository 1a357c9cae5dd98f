#include "tern/async/mutex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "support/captured_log.h"
#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/event.h"
#include "tern/async/run.h"

namespace tern {
namespace {

using test::JobEnd;

/// Jobs that lock, and keep the lock until "unlock".
class MutexWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 4;

  void lock() { spawn(lock_one(*this, jobs())); }
  void try_lock() {
    if (std::optional<Mutex::Lock> lock = mutex->try_lock()) {
      EXPECT_FALSE(held.owns_lock());
      held = *std::move(lock);
    }
  }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      EXPECT_FALSE(waits(job) && (!mutex || !mutex->locked())) << "job " << job << " waits for ever";
    }
    if (mutex) {
      EXPECT_EQ(mutex->locked(), held.owns_lock());
    }
    EXPECT_TRUE(std::is_sorted(locked_.begin(), locked_.end())) << "one has overtaken another";
    for (const std::size_t job : locked_) EXPECT_EQ(outcome(job), JobEnd::kDone);
  }

  std::optional<Mutex> mutex{std::in_place};
  Mutex::Lock held;

 private:
  static Task<void> lock_one(MutexWorld& world, std::size_t job) {
    if (!world.mutex) co_return;
    Mutex::Lock lock = co_await world.mutex->lock();
    EXPECT_FALSE(world.held.owns_lock()) << "two locks at once";
    world.locked_.push_back(job);
    world.held = std::move(lock);
  }
  std::vector<std::size_t> locked_;
};

TEST(Mutex, HoldsInEveryOrder) {
  const test::CapturedLog log;  // of mutexes that are destroyed too early
  const auto alive = [](const MutexWorld& world) { return world.mutex.has_value(); };
  std::vector<test::Operation<MutexWorld>> operations = test::job_operations<MutexWorld>(MutexWorld::kJobs);
  operations.push_back({"lock", [](const MutexWorld& world) { return world.mutex && world.jobs() < MutexWorld::kJobs; },
                        [](MutexWorld& world) { world.lock(); }});
  operations.push_back({"try_lock", alive, [](MutexWorld& world) { world.try_lock(); }});
  operations.push_back({"unlock", [](const MutexWorld& world) { return world.held.owns_lock(); },
                        [](MutexWorld& world) { world.held.unlock(); }});
  operations.push_back({"destroy the mutex", alive, [](MutexWorld& world) { world.mutex.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 5), 1'000);
}

Task<void> note_lock(Mutex& mutex, std::vector<const char*>& order) {
  const Mutex::Lock lock = co_await mutex.lock();
  order.push_back("the waiter");
}

TEST(Mutex, AWaiterRunsAfterTheUnlockingCoroutineNotInsideIt) {
  const auto unlock = [](Mutex& mutex, std::vector<const char*>& order, Event& go) -> Task<void> {
    Mutex::Lock lock = co_await mutex.lock();
    co_await go.wait();
    lock.unlock();
    order.push_back("after unlock()");
  };
  test::Stage stage;
  Mutex mutex;
  Event go;
  std::vector<const char*> order;
  stage.spawn(unlock(mutex, order, go));
  stage.spawn(note_lock(mutex, order));
  stage.run();
  go.set();
  stage.run();
  EXPECT_EQ(order, (std::vector<const char*>{"after unlock()", "the waiter"}));
}

TEST(Mutex, LockedTwiceByOneJobItSaysSo) {
  const auto twice = []() -> Task<void> {
    Mutex mutex;
    const Mutex::Lock first = co_await mutex.lock();
    const Mutex::Lock second = co_await mutex.lock();
  };
  EXPECT_EQ(test::message_of<std::logic_error>([&] { block_on(twice()); }),
            "a Mutex is not recursive: this job holds its lock already, and would wait for itself; unlock first, or "
            "pass the lock on");
}

TEST(Mutex, DestroyedWhileLockedItLogsAnError) {
  const test::CapturedLog log;
  Mutex::Lock lock;
  {
    Mutex mutex;
    lock = *mutex.try_lock();
  }
  EXPECT_FALSE(lock.owns_lock());
  EXPECT_NE(log.text().find("a Mutex was destroyed while it was locked: destroy the lock first"), std::string::npos);
}

}  // namespace
}  // namespace tern
