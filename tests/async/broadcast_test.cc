#include "tern/async/broadcast.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/elsewhere.h"
#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"
#include "tern/async/task_group.h"

namespace tern {
namespace {

using test::JobEnd;

/// Two listeners of a broadcast that keeps two values, which the other loop publishes. A listener has seen every value
/// from the first on, in order, except the values that it reports as missed.
class BroadcastWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 4;

  BroadcastWorld() {
    for (Heard& heard : heard_) heard.listener.emplace(broadcast->subscribe());
  }
  void listen(std::size_t who) { spawn(next_of(*this, who)); }
  [[nodiscard]] bool may_listen(std::size_t who) const { return heard_[who].listener && jobs() < kJobs; }
  void publish() {
    elsewhere([this] { broadcast->publish(++published_); });
  }
  void close() {
    elsewhere([this] { broadcast->close(); });
    closed_ = true;
  }
  void destroy_publisher() {
    elsewhere([this] { broadcast.reset(); });
    closed_ = true;
  }
  [[nodiscard]] bool open() const { return !closed_; }
  void drop(std::size_t who) { heard_[who].listener.reset(); }
  [[nodiscard]] bool has(std::size_t who) const { return heard_[who].listener.has_value(); }
  void move(std::size_t who) {
    Broadcast<int>::Listener moved = *std::move(heard_[who].listener);
    heard_[who].listener.emplace(std::move(moved));
  }

  void check() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      if (!waits(job)) continue;
      const Heard& heard = heard_[whose_[job]];
      EXPECT_TRUE(heard.listener) << "job " << job << " was not told";
      EXPECT_EQ(heard.known, published_) << "job " << job << " waits for a value that is there";
      EXPECT_FALSE(closed_) << "job " << job << " waits at a closed broadcast";
    }
    for (const Heard& heard : heard_) {
      EXPECT_LE(heard.known, published_);
      if (heard.told_of_end) {
        EXPECT_EQ(heard.known, published_) << "the end came before the last value";
      }
    }
  }

  std::optional<Broadcast<int>> broadcast{std::in_place, 2U};

 private:
  struct Heard {
    std::optional<Broadcast<int>::Listener> listener;
    int known = 0;  // the last value heard
    bool told_of_end = false;
  };

  static Task<void> next_of(BroadcastWorld& world, std::size_t who) {
    world.whose_.push_back(who);
    Heard& heard = world.heard_[who];
    if (!heard.listener) co_return;
    const std::shared_ptr<const int> value = co_await heard.listener->next();
    if (!heard.listener) co_return;
    const int missed = static_cast<int>(heard.listener->missed());
    if (value == nullptr) {
      heard.told_of_end = true;
      EXPECT_EQ(missed, 0);
      co_return;
    }
    EXPECT_EQ(*value, heard.known + missed + 1);
    EXPECT_GE(*value, world.published_ - 1) << "only two are kept";
    heard.known = *value;
  }

  Heard heard_[2];
  std::vector<std::size_t> whose_;
  int published_ = 0;
  bool closed_ = false;
};

TEST(Broadcast, HoldsInEveryOrder) {
  std::vector<test::Operation<BroadcastWorld>> operations = test::job_operations<BroadcastWorld>(3);
  for (std::size_t who = 0; who < 2; ++who) {
    const std::string name = std::to_string(who);
    const auto has = [who](const BroadcastWorld& world) { return world.has(who); };
    operations.push_back({"listen " + name, [who](const BroadcastWorld& world) { return world.may_listen(who); },
                          [who](BroadcastWorld& world) {
                            world.listen(who);
                            world.run();
                          }});
    operations.push_back({"drop " + name, has, [who](BroadcastWorld& world) { world.drop(who); }});
    operations.push_back({"move " + name, has, [who](BroadcastWorld& world) { world.move(who); }});
  }
  const auto alive = [](const BroadcastWorld& world) { return world.broadcast.has_value(); };
  operations.push_back({"publish", [](const BroadcastWorld& world) { return world.open(); },
                        [](BroadcastWorld& world) { world.publish(); }});
  operations.push_back({"close", alive, [](BroadcastWorld& world) { world.close(); }});
  operations.push_back(
      {"receive", [](const BroadcastWorld&) { return true; }, [](BroadcastWorld&) { test::Stage::receive(); }});
  operations.push_back({"destroy", alive, [](BroadcastWorld& world) { world.destroy_publisher(); }});
  EXPECT_GT(test::play_every_order(operations, 5), 1'000);
}

constexpr int kValues = 2'000;

Task<void> hear_all(Broadcast<int>& broadcast, std::atomic<int>& ready, std::int64_t& heard) {
  Broadcast<int>::Listener listener = broadcast.subscribe();
  ++ready;
  int last = 0;
  while (const std::shared_ptr<const int> value = co_await listener.next()) {
    const auto missed = static_cast<int>(listener.missed());
    EXPECT_EQ(*value, last + missed + 1);
    last = *value;
    heard += 1 + missed;
  }
}

TEST(Broadcast, ListenersOnTwoLoopsAccountForEveryValueOfAThread) {
  const auto body = []() -> Task<void> {
    Broadcast<int> broadcast{16};
    std::atomic<int> ready = 0;
    std::int64_t here = 0;
    std::int64_t there = 0;
    Loop& second = *Loop::current()->siblings()[1];
    test::Elsewhere elsewhere{second, [&] { return hear_all(broadcast, ready, there); }};
    TaskGroup group;
    group.spawn(hear_all(broadcast, ready, here));
    std::thread publisher{[&] {
      while (ready < 2) std::this_thread::yield();
      for (int i = 1; i <= kValues; ++i) broadcast.publish(i);
      broadcast.close();
    }};
    co_await group.join();
    co_await elsewhere.ended();
    publisher.join();
    EXPECT_EQ(here, kValues);
    EXPECT_EQ(there, kValues);
  };
  block_on(body(), {.threads = 2});
}

TEST(Broadcast, StoresOneCopyForAll) {
  const auto body = []() -> Task<void> {
    Broadcast<int> broadcast{2};
    Broadcast<int>::Listener one = broadcast.subscribe();
    Broadcast<int>::Listener two = broadcast.subscribe();
    broadcast.publish(1);
    const std::shared_ptr<const int> first = co_await one.next();
    const std::shared_ptr<const int> second = co_await two.next();
    EXPECT_EQ(first, second);
  };
  block_on(body());
}

Task<void> next_once(Broadcast<int>::Listener& listener) { static_cast<void>(co_await listener.next()); }

TEST(Broadcast, SaysWhatWasWrong) {
  EXPECT_EQ(test::message_of<std::invalid_argument>([] { const Broadcast<int> broadcast{0}; }),
            "a Broadcast needs room for one value at least: give a capacity of 1 or more");
  Broadcast<int> broadcast{1};
  EXPECT_EQ(test::message_of<std::logic_error>([&] { static_cast<void>(broadcast.subscribe()); }),
            "a Broadcast's listener needs an event loop: use it inside of a task given to tern::run or tern::co_spawn");
  const auto twice = [](Broadcast<int>& its_broadcast) -> Task<void> {
    Broadcast<int>::Listener listener = its_broadcast.subscribe();
    TaskGroup group;
    group.spawn(next_once(listener));
    group.spawn(next_once(listener));
    co_await group.join();
  };
  EXPECT_EQ(test::message_of<std::logic_error>([&] { block_on(twice(broadcast)); }),
            "a Listener is awaited by one coroutine at a time, and another one awaits it: subscribe once more");
  const auto strange = [](Broadcast<int>& its_broadcast) -> Task<void> {
    Broadcast<int>::Listener listener = its_broadcast.subscribe();
    Loop& second = *Loop::current()->siblings()[1];
    co_await test::run_on(second, [&listener] { return next_once(listener); });
  };
  EXPECT_EQ(test::message_of<std::logic_error>([&] { block_on(strange(broadcast), {.threads = 2}); }),
            "a Listener is used on the loop that called subscribe(): subscribe on each loop");
}

}  // namespace
}  // namespace tern
