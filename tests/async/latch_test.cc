#include "tern/async/latch.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"

namespace tern {
namespace {

using test::JobEnd;

class LatchWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 3;

  void wait() { spawn(wait_for(*this)); }
  void count_down() {
    latch->count_down();
    down_ = latch->count() == 0;
  }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      EXPECT_FALSE(waits(job) && (down_ || !latch)) << "job " << job << " waits for ever";
      EXPECT_FALSE(outcome(job) == JobEnd::kDone && !down_);
    }
  }
  std::optional<Latch> latch{std::in_place, 2U};

 private:
  static Task<void> wait_for(LatchWorld& world) {
    if (!world.latch) co_return;
    co_await world.latch->wait();
  }
  bool down_ = false;
};

TEST(Latch, HoldsInEveryOrder) {
  const auto alive = [](const LatchWorld& world) { return world.latch.has_value(); };
  std::vector<test::Operation<LatchWorld>> operations = test::job_operations<LatchWorld>(LatchWorld::kJobs);
  operations.push_back({"wait", [](const LatchWorld& world) { return world.latch && world.jobs() < LatchWorld::kJobs; },
                        [](LatchWorld& world) {
                          world.wait();
                          world.run();  // it stands at the latch
                        }});
  operations.push_back({"count down", [](const LatchWorld& world) { return world.latch && world.latch->count() > 0; },
                        [](LatchWorld& world) { world.count_down(); }});
  operations.push_back({"destroy the latch", alive, [](LatchWorld& world) { world.latch.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 7), 1'000);
}

TEST(Latch, BelowZeroItSaysSoAndStays) {
  Latch latch{2};
  EXPECT_EQ(test::message_of<std::logic_error>([&] { latch.count_down(3); }),
            "count_down(3) of a Latch that stands at 2: it was made with a count that is too low, or counted twice");
  EXPECT_EQ(latch.count(), 2U);
}

}  // namespace
}  // namespace tern
