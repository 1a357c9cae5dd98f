#include "tern/async/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/elsewhere.h"
#include "support/every_order.h"
#include "tern/async/run.h"
#include "tern/async/task_group.h"

namespace tern {
namespace {

using test::JobEnd;

/// A view of a value that the other loop sets. It always gets the newest value.
class WatchWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 3;

  WatchWorld() : view(watch->subscribe()) {}
  void wait() { spawn(changed(*this)); }
  void set() {
    elsewhere([this] { watch->set(++value_); });
  }
  void look() {
    seen_ = view->value();
    EXPECT_EQ(seen_, value_);
  }
  void unsee() {
    view->mark_unseen();
    seen_ = -1;
  }
  void destroy_publisher() {
    elsewhere([this] { watch.reset(); });
  }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      if (!waits(job)) continue;
      EXPECT_TRUE(view) << "job " << job << " was not told";
      EXPECT_TRUE(watch) << "job " << job << " waits at a closed watch";
      EXPECT_EQ(seen_, value_) << "job " << job << " has missed a change";
    }
  }

  std::optional<Watch<int>> watch{std::in_place, 0};
  std::optional<Watch<int>::View> view;

 private:
  static Task<void> changed(WatchWorld& world) {
    if (!world.view) co_return;
    const std::optional<int> value = co_await world.view->changed();
    if (!value) {
      EXPECT_FALSE(world.watch);
      EXPECT_EQ(world.seen_, world.value_) << "the end came before the last value";
      co_return;
    }
    EXPECT_EQ(*value, world.value_);
    world.seen_ = *value;
  }
  int value_ = 0;
  int seen_ = 0;
};

TEST(Watch, HoldsInEveryOrder) {
  std::vector<test::Operation<WatchWorld>> operations = test::job_operations<WatchWorld>(WatchWorld::kJobs);
  const auto alive = [](const WatchWorld& world) { return world.watch.has_value(); };
  const auto has_view = [](const WatchWorld& world) { return world.view.has_value(); };
  operations.push_back({"wait", [](const WatchWorld& world) { return world.view && world.jobs() < WatchWorld::kJobs; },
                        [](WatchWorld& world) {
                          world.wait();
                          world.run();
                        }});
  operations.push_back({"set", alive, [](WatchWorld& world) { world.set(); }});
  operations.push_back({"look", has_view, [](WatchWorld& world) { world.look(); }});
  operations.push_back({"mark unseen", has_view, [](WatchWorld& world) { world.unsee(); }});
  operations.push_back(
      {"receive", [](const WatchWorld&) { return true; }, [](WatchWorld&) { test::Stage::receive(); }});
  operations.push_back({"drop the view", has_view, [](WatchWorld& world) { world.view.reset(); }});
  operations.push_back({"destroy", alive, [](WatchWorld& world) { world.destroy_publisher(); }});
  EXPECT_GT(test::play_every_order(operations, 5), 1'000);
}

Task<void> follow(Watch<int>& watch, std::atomic<int>& ready, int& last) {
  Watch<int>::View view = watch.subscribe();
  view.mark_unseen();
  ++ready;
  while (const std::optional<int> value = co_await view.changed()) {
    EXPECT_GE(*value, last);
    last = *value;
  }
}

TEST(Watch, ViewsOnTwoLoopsSeeTheLastValueOfAThread) {
  const auto body = []() -> Task<void> {
    Watch<int> watch{0};
    std::atomic<int> ready = 0;
    int here = -1;
    int there = -1;
    Loop& second = *Loop::current()->siblings()[1];
    test::Elsewhere elsewhere{second, [&] { return follow(watch, ready, there); }};
    TaskGroup group;
    group.spawn(follow(watch, ready, here));
    std::thread setter{[&] {
      while (ready < 2) std::this_thread::yield();
      for (int i = 1; i <= 2'000; ++i) watch.set(i);
      watch.close();
    }};
    co_await group.join();
    co_await elsewhere.ended();
    setter.join();
    EXPECT_EQ(here, 2'000);
    EXPECT_EQ(there, 2'000);
    EXPECT_EQ(watch.value(), 2'000);
  };
  block_on(body(), {.threads = 2});
}

}  // namespace
}  // namespace tern
