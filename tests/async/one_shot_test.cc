#include "tern/async/one_shot.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"

namespace tern {
namespace {

using test::JobEnd;

/// A result that is set, fails, or never comes, and jobs that wait for it one after the other.
class OneShotWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 3;

  void wait() { spawn(wait_for(*this)); }
  [[nodiscard]] bool may_set() const { return !setters.empty() && (!one_shot || !one_shot->is_set()); }
  void check() {
    int left = 0;
    for (std::size_t job = 0; job < jobs(); ++job) {
      left += waits(job) ? 1 : 0;
      EXPECT_FALSE(waits(job) && (!one_shot || one_shot->is_set())) << "job " << job << " waits for ever";
      EXPECT_FALSE(waits(job) && made_ && setters.empty()) << "job " << job << " was not told that no result comes";
    }
    EXPECT_LE(left, 1) << "one at a time";
    EXPECT_LE(taken, 1);
  }
  void make_setter() {
    made_ = true;
    setters.push_back(one_shot->setter());
  }

  std::optional<OneShot<int>> one_shot{std::in_place};
  std::vector<OneShot<int>::Setter> setters;
  int taken = 0;

 private:
  static Task<void> wait_for(OneShotWorld& world) {
    if (!world.one_shot) co_return;
    try {
      const int value = co_await world.one_shot->wait();
      EXPECT_EQ(value, 7);
      ++world.taken;
    } catch (const SetterDropped&) {
      EXPECT_TRUE(world.made_);
    } catch (const std::runtime_error&) {
      ++world.taken;
    }
  }
  bool made_ = false;
};

TEST(OneShot, HoldsInEveryOrder) {
  const auto alive = [](const OneShotWorld& world) { return world.one_shot.has_value(); };
  std::vector<test::Operation<OneShotWorld>> operations = test::job_operations<OneShotWorld>(OneShotWorld::kJobs);
  operations.push_back({"wait",
                        [](const OneShotWorld& world) { return world.one_shot && world.jobs() < OneShotWorld::kJobs; },
                        [](OneShotWorld& world) { world.wait(); }});
  operations.push_back({"make a setter",
                        [](const OneShotWorld& world) { return world.one_shot && world.setters.size() < 2; },
                        [](OneShotWorld& world) { world.make_setter(); }});
  operations.push_back({"drop a setter", [](const OneShotWorld& world) { return !world.setters.empty(); },
                        [](OneShotWorld& world) { world.setters.pop_back(); }});
  operations.push_back({"set", [](const OneShotWorld& world) { return world.may_set(); },
                        [](OneShotWorld& world) { world.setters.front().set(7); }});
  operations.push_back({"fail", [](const OneShotWorld& world) { return world.may_set(); },
                        [](OneShotWorld& world) {
                          world.setters.front().fail(std::make_exception_ptr(std::runtime_error("refused")));
                        }});
  operations.push_back({"destroy it", alive, [](OneShotWorld& world) { world.one_shot.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 6), 1'000);
}

TEST(OneShot, ACancelledWaiterLeavesTheResultToTheNext) {
  const auto take = [](OneShot<std::unique_ptr<int>>& one_shot, int& taken) -> Task<void> {
    const std::unique_ptr<int> value = co_await one_shot.wait();
    taken += *value;
  };
  test::Stage stage;
  OneShot<std::unique_ptr<int>> one_shot;
  int taken = 0;
  stage.spawn(take(one_shot, taken));
  stage.run();
  one_shot.set(std::make_unique<int>(5));
  stage.cancel(0);
  stage.run();
  EXPECT_EQ(stage.outcome(0), JobEnd::kCancelled);
  stage.spawn(take(one_shot, taken));
  stage.run();
  EXPECT_EQ(taken, 5);
}

TEST(OneShot, SaysWhatWasWrong) {
  OneShot<> done;
  done.set();
  EXPECT_EQ(test::message_of<std::logic_error>([&] { done.set(); }),
            "a OneShot is set once: it has a result already; make one for each result, or use a Queue");
  const auto take = [](OneShot<>& one_shot) -> Task<void> { co_await one_shot.wait(); };
  block_on(take(done));
  EXPECT_EQ(test::message_of<std::logic_error>([&] { block_on(take(done)); }),
            "a OneShot gives its result to one wait(), and an earlier one has it: use SharedTask or Event");
  test::Stage stage;
  OneShot<> awaited;
  stage.spawn(take(awaited));
  stage.run();
  EXPECT_EQ(test::message_of<std::logic_error>([&] { static_cast<void>(awaited.wait()); }),
            "a OneShot is awaited by one coroutine, and another one waits already: use SharedTask or Event");
}

}  // namespace
}  // namespace tern
