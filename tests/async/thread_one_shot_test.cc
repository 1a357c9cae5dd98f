#include "tern/async/thread_one_shot.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"

namespace tern {
namespace {

using test::JobEnd;

/// A result that comes from another loop, and jobs that wait for it one after the other.
class ThreadOneShotWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 2;

  ThreadOneShotWorld() { setters.push_back(one_shot->setter()); }
  void wait() { spawn(wait_for(*this)); }
  void set() {
    elsewhere([this] { setters.front().set(7); });
    set_ = true;
  }
  void drop() {
    elsewhere([this] { setters.pop_back(); });
  }
  [[nodiscard]] bool may_set() const { return !setters.empty() && !set_; }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      EXPECT_FALSE(waits(job) && (!one_shot || set_ || setters.empty())) << "job " << job << " waits for ever";
    }
    EXPECT_LE(taken_, 1);
  }

  std::optional<ThreadOneShot<int>> one_shot{std::in_place};
  std::vector<ThreadOneShot<int>::Setter> setters;

 private:
  static Task<void> wait_for(ThreadOneShotWorld& world) {
    if (!world.one_shot) co_return;
    try {
      const int value = co_await world.one_shot->wait();
      EXPECT_EQ(value, 7);
      ++world.taken_;
    } catch (const SetterDropped&) {
      EXPECT_TRUE(world.setters.empty());
    }
  }
  bool set_ = false;
  int taken_ = 0;
};

TEST(ThreadOneShot, HoldsInEveryOrder) {
  std::vector<test::Operation<ThreadOneShotWorld>> operations =
      test::job_operations<ThreadOneShotWorld>(ThreadOneShotWorld::kJobs);
  const auto alive = [](const ThreadOneShotWorld& world) { return world.one_shot.has_value(); };
  const auto has_setter = [](const ThreadOneShotWorld& world) { return !world.setters.empty(); };
  operations.push_back(
      {"wait",
       [](const ThreadOneShotWorld& world) { return world.one_shot && world.jobs() < ThreadOneShotWorld::kJobs; },
       [](ThreadOneShotWorld& world) { world.wait(); }});
  operations.push_back({"set", [](const ThreadOneShotWorld& world) { return world.may_set(); },
                        [](ThreadOneShotWorld& world) { world.set(); }});
  operations.push_back({"drop the setter", has_setter, [](ThreadOneShotWorld& world) { world.drop(); }});
  operations.push_back(
      {"receive", [](const ThreadOneShotWorld&) { return true; }, [](ThreadOneShotWorld&) { test::Stage::receive(); }});
  operations.push_back({"destroy it", alive, [](ThreadOneShotWorld& world) { world.one_shot.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 6), 1'000);
}

TEST(ThreadOneShot, TakesAResultFromAThread) {
  const auto body = [](int rounds) -> Task<void> {
    for (int i = 0; i < rounds; ++i) {
      ThreadOneShot<int> done;
      std::thread worker{[setter = done.setter(), i] { setter.set(i); }};
      const int value = co_await done.wait();
      worker.join();
      EXPECT_EQ(value, i);
    }
  };
  block_on(body(100));
}

TEST(ThreadOneShot, AThreadThatNeverSetsFailsTheWaiter) {
  const auto body = []() -> Task<void> {
    ThreadOneShot<> done;
    std::thread worker{[setter = done.setter()] { static_cast<void>(setter); }};
    worker.detach();
    co_await done.wait();
  };
  EXPECT_EQ(test::message_of<SetterDropped>([&] { block_on(body()); }),
            "the result never came: its setter was destroyed without setting one");
}

TEST(ThreadOneShot, OutsideOfALoopItSaysSo) {
  EXPECT_EQ(test::message_of<std::logic_error>([] { const ThreadOneShot<> done; }),
            "a ThreadOneShot needs an event loop: use it inside of a task given to tern::run or tern::co_spawn");
}

}  // namespace
}  // namespace tern
