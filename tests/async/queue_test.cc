#include "tern/async/queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/gather.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using test::JobEnd;

/// Producers and consumers of a queue with room for one. Every value that a push has added is popped once, in order, or
/// is still there.
class QueueWorld : public test::Stage {
 public:
  static constexpr std::size_t kJobs = 4;

  void push() {
    kinds_.push_back(Kind::kPush);
    spawn(push_one(*this, jobs()));
  }
  void pop() {
    kinds_.push_back(Kind::kPop);
    spawn(pop_one(*this, jobs()));
  }
  void try_push() {
    const int value = static_cast<int>(added_.size()) + 1000;
    if (queue->try_push(value)) added_.push_back(value);
  }
  void try_pop() {
    if (const std::optional<int> value = queue->try_pop()) popped_.push_back(*value);
  }

  void check() {
    std::vector<int> seen = popped_;
    if (queue) {
      for (std::size_t job = 0; job < jobs(); ++job) {
        if (!waits(job)) continue;
        EXPECT_FALSE(queue->closed()) << "job " << job << " waits at a closed queue";
        EXPECT_EQ(queue->size(), kinds_[job] == Kind::kPush ? queue->capacity() : 0) << "job " << job << " waits";
      }
      while (const std::optional<int> value = queue->try_pop()) seen.push_back(*value);
      EXPECT_EQ(seen, added_);
    } else {
      for (std::size_t job = 0; job < jobs(); ++job) EXPECT_FALSE(waits(job)) << "job " << job << " was not told";
    }
    for (const std::size_t job : ended_) EXPECT_EQ(outcome(job), JobEnd::kDone) << "had an effect: job " << job;
  }

  std::optional<Queue<int>> queue{std::in_place, 1};

 private:
  enum class Kind { kPush, kPop };

  static Task<void> push_one(QueueWorld& world, std::size_t job) {
    if (!world.queue) co_return;
    const int value = static_cast<int>(job);
    const bool added = co_await world.queue->push(value);
    if (added) world.added_.push_back(value);
    world.ended_.push_back(job);
  }
  static Task<void> pop_one(QueueWorld& world, std::size_t job) {
    if (!world.queue) co_return;
    const std::optional<int> value = co_await world.queue->pop();
    if (value) world.popped_.push_back(*value);
    world.ended_.push_back(job);
  }

  std::vector<Kind> kinds_;
  std::vector<int> added_;
  std::vector<int> popped_;
  std::vector<std::size_t> ended_;
};

TEST(Queue, HoldsInEveryOrder) {
  const auto alive = [](const QueueWorld& world) { return world.queue.has_value(); };
  const auto may_spawn = [](const QueueWorld& world) { return world.queue && world.jobs() < QueueWorld::kJobs; };
  std::vector<test::Operation<QueueWorld>> operations = test::job_operations<QueueWorld>(QueueWorld::kJobs);
  operations.push_back({"push", may_spawn, [](QueueWorld& world) { world.push(); }});
  operations.push_back({"pop", may_spawn, [](QueueWorld& world) { world.pop(); }});
  operations.push_back({"try_push", alive, [](QueueWorld& world) { world.try_push(); }});
  operations.push_back({"try_pop", alive, [](QueueWorld& world) { world.try_pop(); }});
  operations.push_back({"close", [](const QueueWorld& world) { return world.queue && !world.queue->closed(); },
                        [](QueueWorld& world) { world.queue->close(); }});
  operations.push_back({"destroy the queue", alive, [](QueueWorld& world) { world.queue.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 5), 1'000);
}

Task<int> sum_all(Queue<int>& queue) {
  int sum = 0;
  while (const std::optional<int> value = co_await queue.pop()) sum += *value;
  co_return sum;
}
Task<int> push_all(Queue<int>& queue, int from, int to) {
  for (int i = from; i < to; ++i) {
    const bool added = co_await queue.push(i);
    EXPECT_TRUE(added);
  }
  co_return 0;
}
Task<int> produce_and_close(Queue<int>& queue) {
  auto [first, second] = co_await gather(push_all(queue, 0, 500), push_all(queue, 500, 1000));
  queue.close();
  co_return first + second;
}

TEST(Queue, SeveralProducersAndConsumersShareEveryValueOnce) {
  const auto body = []() -> Task<void> {
    Queue<int> queue{3};
    auto [nothing, one, two] = co_await gather(produce_and_close(queue), sum_all(queue), sum_all(queue));
    EXPECT_EQ(one + two, 999 * 1000 / 2);
    EXPECT_GT(one, 0);
    EXPECT_GT(two, 0);
  };
  block_on(body());
}

TEST(Queue, KeepsValuesThatOnlyMove) {
  const auto body = []() -> Task<void> {
    Queue<std::unique_ptr<int>> queue{1};
    std::unique_ptr<int> kept = std::make_unique<int>(1);
    EXPECT_TRUE(queue.try_push(std::move(kept)));
    kept = std::make_unique<int>(2);
    EXPECT_FALSE(queue.try_push(std::move(kept)));
    EXPECT_EQ(*kept, 2) << "a value that is not added is untouched";
    const std::optional<std::unique_ptr<int>> popped = co_await queue.pop();
    EXPECT_EQ(**popped, 1);
  };
  block_on(body());
}

/// Throws when it is moved for the `fuse`th time.
struct Explosive {
  explicit Explosive(int& its_fuse) : fuse(&its_fuse) {}
  Explosive(Explosive&& other) : fuse(other.fuse) {
    if (--*fuse == 0) throw std::runtime_error("moved once too often");
  }
  Explosive& operator=(Explosive&&) = delete;
  int* fuse;
};

Task<void> pop_into(Queue<Explosive>& queue, std::string& log, std::string name) {
  try {
    const std::optional<Explosive> value = co_await queue.pop();
    log += name + (value ? " has it;" : " has none;");
  } catch (const std::runtime_error& error) {
    log += name + " " + error.what() + ";";
  }
}

TEST(Queue, AValueWhoseMoveThrowsGoesToTheNext) {
  int fuse = 0;
  std::string log;
  test::Stage stage;
  Queue<Explosive> queue{1};
  stage.spawn(pop_into(queue, log, "first"));
  stage.spawn(pop_into(queue, log, "second"));
  stage.run();
  EXPECT_TRUE(queue.try_push(Explosive{fuse}));
  fuse = 1;
  stage.run();
  EXPECT_EQ(log, "first moved once too often;second has it;");
}

TEST(Queue, ACancelledJobTakesNothingEvenWithoutWaiting) {
  test::Stage stage;
  Queue<int> queue{1};
  EXPECT_TRUE(queue.try_push(1));
  const auto body = [](Queue<int>& its_queue, int& cancelled) -> Task<void> {
    Job::current()->cancel();
    try {
      static_cast<void>(co_await its_queue.pop());
    } catch (const Cancelled&) {
      ++cancelled;
    }
  };
  int cancelled = 0;
  stage.spawn(body(queue, cancelled));
  stage.run();
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(Queue, SaysWhatWasWrong) {
  EXPECT_EQ(test::message_of<std::invalid_argument>([] { const Queue<int> queue{0}; }),
            "a Queue needs room for one value at least: give a capacity of 1 or more");
  const auto twice = []() -> Task<void> {
    Queue<int> queue{2};
    auto push = queue.push(1);
    static_cast<void>(co_await push);
    static_cast<void>(co_await push);
  };
  EXPECT_EQ(test::message_of<std::logic_error>([&] { block_on(twice()); }),
            "a push() is awaited once: its value is in the queue");
}

Task<void> pop_once(Queue<int>& queue) { static_cast<void>(co_await queue.pop()); }

struct PlainJob final : Job {
  using Job::Job;
  void finished(std::exception_ptr thrown) override { error = std::move(thrown); }
  std::exception_ptr error;
};

TEST(Queue, ACoroutineOfAnotherLoopIsRejected) {
  test::Stage stage;
  Queue<int> queue{1};
  stage.spawn(pop_once(queue));
  stage.run();
  PlainJob stranger{test::Stage::other()};
  test::Stage::elsewhere([&] { stranger.start(pop_once(queue)); });
  EXPECT_EQ(
      test::message_of<std::logic_error>([&] { std::rethrow_exception(stranger.error); }),
      "a Queue is used on one loop, and a coroutine of another loop waits for it already: make one for each loop, "
      "or use Broadcast, Watch, ThreadEvent or ThreadOneShot between loops");
}

}  // namespace
}  // namespace tern
