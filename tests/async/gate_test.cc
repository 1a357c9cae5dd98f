#include "tern/async/gate.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "support/captured_log.h"
#include "support/every_order.h"
#include "support/message_of.h"

namespace tern {
namespace {

using test::JobEnd;

/// Passes through a gate, and jobs that close it: one after the other, each after the one before was cancelled.
class GateWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 2;

  void enter() {
    const bool open = !gate->closed();
    std::optional<Gate::Pass> pass = gate->try_enter();
    EXPECT_EQ(pass.has_value(), open);
    if (pass) passes.push_back(*std::move(pass));
  }
  void close() { spawn(close_it(*this)); }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      EXPECT_FALSE(waits(job) && (!gate || gate->inside() == 0)) << "job " << job << " waits for ever";
    }
    if (gate) {
      EXPECT_EQ(gate->inside(), passes.size());
    }
  }

  std::optional<Gate> gate{std::in_place};
  std::vector<Gate::Pass> passes;

 private:
  static Task<void> close_it(GateWorld& world) {
    if (!world.gate) co_return;
    co_await world.gate->close();
    EXPECT_TRUE(world.passes.empty());
  }
};

TEST(Gate, HoldsInEveryOrder) {
  const test::CapturedLog log;  // of gates that are destroyed too early
  const auto alive = [](const GateWorld& world) { return world.gate.has_value(); };
  std::vector<test::Operation<GateWorld>> operations = test::job_operations<GateWorld>(GateWorld::kJobs);
  operations.push_back({"enter", alive, [](GateWorld& world) { world.enter(); }});
  operations.push_back({"leave", [](const GateWorld& world) { return !world.passes.empty(); },
                        [](GateWorld& world) { world.passes.erase(world.passes.begin()); }});
  operations.push_back({"close", [](const GateWorld& world) { return world.gate && world.jobs() < GateWorld::kJobs; },
                        [](GateWorld& world) { world.close(); }});
  operations.push_back({"destroy the gate", alive, [](GateWorld& world) { world.gate.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 6), 1'000);
}

Task<void> close_gate(Gate& gate) { co_await gate.close(); }

TEST(Gate, SaysWhatWasWrong) {
  test::Stage stage;
  Gate gate;
  std::optional<Gate::Pass> pass = gate.enter();
  stage.spawn(close_gate(gate));
  stage.run();
  EXPECT_THROW(static_cast<void>(gate.enter()), GateClosed);
  EXPECT_EQ(test::message_of<std::logic_error>([&] { static_cast<void>(gate.close()); }),
            "a Gate is closed once: another coroutine awaits close()");
  pass.reset();
  stage.run();
  EXPECT_EQ(stage.outcome(0), JobEnd::kDone);
  EXPECT_EQ(test::message_of<std::logic_error>([&] { static_cast<void>(gate.close()); }),
            "a Gate is closed once: an earlier close() has ended");
}

TEST(Gate, DestroyedWithSomebodyInsideItLogsAnError) {
  const test::CapturedLog log;
  Gate::Pass pass;
  {
    Gate gate;
    pass = gate.enter();
  }
  EXPECT_NE(log.text().find("a Gate was destroyed with 1 inside: await close() first"), std::string::npos);
}

}  // namespace
}  // namespace tern
