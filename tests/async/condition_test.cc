#include "tern/async/condition.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using test::JobEnd;

/// Jobs that take 1, 2, 1 of an account as soon as that much is there. Each deposit notifies one; so a notification
/// must not be lost with the job that got it.
class ConditionWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 3;
  static int wish_of(std::size_t job) { return 1 + static_cast<int>(job % 2); }

  void wait() { spawn(take(*this, jobs())); }
  void deposit_for_one() {
    ++balance_;
    condition->notify_one();
  }
  void deposit_for_all() {
    ++balance_;
    condition->notify_all();
  }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      EXPECT_FALSE(waits(job) && !condition) << "job " << job << " was not told";
      EXPECT_FALSE(waits(job) && condition && balance_ >= wish_of(job)) << "job " << job << " waits for what is there";
    }
    EXPECT_GE(balance_, 0);
    for (const std::size_t job : took_) EXPECT_EQ(outcome(job), JobEnd::kDone);
  }
  std::optional<Condition> condition{std::in_place};

 private:
  static Task<void> take(ConditionWorld& world, std::size_t job) {
    if (!world.condition) co_return;
    const int wish = wish_of(job);
    co_await world.condition->wait([&world, wish] { return world.balance_ >= wish; });
    world.balance_ -= wish;
    world.took_.push_back(job);
  }
  int balance_ = 0;
  std::vector<std::size_t> took_;
};

TEST(Condition, HoldsInEveryOrder) {
  const auto alive = [](const ConditionWorld& world) { return world.condition.has_value(); };
  std::vector<test::Operation<ConditionWorld>> operations = test::job_operations<ConditionWorld>(ConditionWorld::kJobs);
  operations.push_back(
      {"wait", [](const ConditionWorld& world) { return world.condition && world.jobs() < ConditionWorld::kJobs; },
       [](ConditionWorld& world) { world.wait(); }});
  operations.push_back({"notify one", alive, [](ConditionWorld& world) { world.deposit_for_one(); }});
  operations.push_back({"notify all", alive, [](ConditionWorld& world) { world.deposit_for_all(); }});
  operations.push_back({"destroy the condition", alive, [](ConditionWorld& world) { world.condition.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 5), 1'000);
}

TEST(Condition, APredicateThatThrowsThrowsOutOfItsWait) {
  const auto body = []() -> Task<void> {
    Condition condition;
    bool fail = false;
    Loop::current()->post([&] {
      fail = true;
      condition.notify_all();
    });
    const auto predicate = [&fail] {
      if (fail) throw std::runtime_error("no such account");
      return false;
    };
    co_await condition.wait(predicate);
  };
  EXPECT_EQ(test::message_of<std::runtime_error>([&] { block_on(body()); }), "no such account");
}

}  // namespace
}  // namespace tern
