#include "tern/async/thread_event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "support/every_order.h"
#include "tern/async/run.h"

namespace tern {
namespace {

using test::JobEnd;

/// An event that the other loop sets.
class ThreadEventWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 2;

  void wait() { spawn(wait_for(*this)); }
  void set() {
    elsewhere([this] { event->set(); });
    set_ = true;
  }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      EXPECT_FALSE(waits(job) && (set_ || !event)) << "job " << job << " waits for ever";
    }
  }
  std::optional<ThreadEvent> event{std::in_place};

 private:
  static Task<void> wait_for(ThreadEventWorld& world) {
    if (!world.event) co_return;
    const bool set = co_await world.event->wait();
    EXPECT_TRUE(set);
  }
  bool set_ = false;
};

TEST(ThreadEvent, HoldsInEveryOrder) {
  std::vector<test::Operation<ThreadEventWorld>> operations =
      test::job_operations<ThreadEventWorld>(ThreadEventWorld::kJobs);
  const auto alive = [](const ThreadEventWorld& world) { return world.event.has_value(); };
  operations.push_back(
      {"wait", [](const ThreadEventWorld& world) { return world.event && world.jobs() < ThreadEventWorld::kJobs; },
       [](ThreadEventWorld& world) { world.wait(); }});
  operations.push_back({"set", alive, [](ThreadEventWorld& world) { world.set(); }});
  operations.push_back(
      {"receive", [](const ThreadEventWorld&) { return true; }, [](ThreadEventWorld&) { test::Stage::receive(); }});
  operations.push_back({"destroy the event", alive, [](ThreadEventWorld& world) { world.event.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 6), 1'000);
}

TEST(ThreadEvent, EverySetOfAThreadIsSeen) {
  const auto body = [](int rounds) -> Task<void> {
    ThreadEvent changed;
    std::atomic<int> count = 0;
    std::thread worker{[&] {
      for (int i = 0; i < rounds; ++i) {
        ++count;
        changed.set();
      }
    }};
    while (count < rounds) {
      changed.clear();
      if (count == rounds) break;
      co_await changed.wait();
    }
    worker.join();
  };
  block_on(body(10'000));
}

}  // namespace
}  // namespace tern
