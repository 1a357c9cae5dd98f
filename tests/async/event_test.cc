#include "tern/async/event.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using test::JobEnd;

/// Waiters of an event. A waiter goes on exactly when the event was set before or while it waited.
class EventWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 3;

  void wait() {
    due_.push_back(event->is_set());
    spawn(wait_for(*this, jobs()));
  }
  void set() {
    event->set();
    for (std::size_t job = 0; job < jobs(); ++job) {
      if (waits(job) && !cancelled(job)) due_[job] = true;
    }
  }
  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      if (outcome(job) == JobEnd::kDone) {
        EXPECT_TRUE(due_[job]);
      }
      EXPECT_FALSE(waits(job) && (due_[job] || !event)) << "job " << job << " waits for ever";
      EXPECT_FALSE(outcome(job) == JobEnd::kLogicError && due_[job]) << "job " << job << " was woken before the end";
    }
    if (event && jobs() == 0) {
      EXPECT_FALSE(event->waited_for());
    }
  }

  std::optional<Event> event{std::in_place};

 private:
  static Task<void> wait_for(EventWorld& world, std::size_t job) {
    // A job that has not run when the event is cleared waits for the next set().
    world.due_[job] = world.event->is_set();
    const bool set = co_await world.event->wait();
    EXPECT_TRUE(set);
  }
  std::vector<bool> due_;
};

TEST(Event, HoldsInEveryOrder) {
  const auto alive = [](const EventWorld& world) { return world.event.has_value(); };
  std::vector<test::Operation<EventWorld>> operations = test::job_operations<EventWorld>(EventWorld::kJobs);
  operations.push_back({"wait", [](const EventWorld& world) { return world.event && world.jobs() < EventWorld::kJobs; },
                        [](EventWorld& world) {
                          world.wait();
                          world.run();  // it stands at the event
                        }});
  operations.push_back({"set", alive, [](EventWorld& world) { world.set(); }});
  operations.push_back({"clear", alive, [](EventWorld& world) { world.event->clear(); }});
  operations.push_back({"destroy the event", alive, [](EventWorld& world) { world.event.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 6), 1'000);
}

Task<void> wait_until(Event& event, Clock::time_point limit, std::vector<bool>& results) {
  results.push_back(co_await event.wait(limit));
}

TEST(Event, WaitsUntilALimit) {
  const auto body = []() -> Task<void> {
    Event event;
    const bool set = co_await event.wait(Clock::now() + 1ms);
    EXPECT_FALSE(set);
    EXPECT_FALSE(event.waited_for());
    event.set();
    const bool now = co_await event.wait(Clock::now() - 1ms);
    EXPECT_TRUE(now);
  };
  block_on(body());
}

TEST(Event, AWaiterThatItHasWokenOutlivesIt) {
  test::Stage stage;
  std::vector<bool> results;
  auto event = std::make_unique<Event>();
  stage.spawn(wait_until(*event, Clock::now() + 1h, results));
  stage.run();
  event->set();
  event.reset();
  stage.run();
  EXPECT_EQ(results, std::vector<bool>{true});
}

TEST(Event, DestroyedWhileAwaitedItSaysSo) {
  const auto body = []() -> Task<void> {
    auto event = std::make_unique<Event>();
    Event::Waiting waiting = event->wait();
    Loop::current()->post([&event] { event.reset(); });
    static_cast<void>(co_await waiting);
  };
  EXPECT_EQ(test::message_of<std::logic_error>([&] { block_on(body()); }),
            "an Event was destroyed while a coroutine waited for it: let it outlive its waiters, or cancel them first");
}

}  // namespace
}  // namespace tern
