// Plays every order of a primitive's operations. An order is played from its beginning on a new stage; the jobs of a
// stage run only when the order says so, so that others are cancelled and destroyed between a notification and the
// step of the waiter that was notified.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern::test {

/// How a job stands.
enum class JobEnd { kWaits, kDone, kCancelled, kLogicError, kDestroyed };

/// Jobs on one loop inside of one turn, which ends when run() is called. A second loop, of the same thread, is for
/// events that come from another loop.
class Stage {
 public:
  Stage() { turn_.emplace(home()); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() {
    jobs_.clear();
    settle();
    turn_.reset();
  }

  static Loop& home() { return Loop::of(contexts()[0]); }
  static Loop& other() { return Loop::of(contexts()[1]); }

  std::size_t spawn(Task<void> body) {
    jobs_.push_back(std::make_unique<Actor>(outcomes_, outcomes_.size()));
    outcomes_.push_back(JobEnd::kWaits);
    jobs_.back()->start(std::move(body));
    return jobs_.size() - 1;
  }
  [[nodiscard]] std::size_t jobs() const noexcept { return jobs_.size(); }
  [[nodiscard]] JobEnd outcome(std::size_t job) const { return outcomes_.at(job); }
  [[nodiscard]] bool waits(std::size_t job) const { return job < outcomes_.size() && outcomes_[job] == JobEnd::kWaits; }
  [[nodiscard]] bool cancelled(std::size_t job) const { return jobs_.at(job) != nullptr && jobs_[job]->cancelled(); }
  void cancel(std::size_t job) { jobs_.at(job)->cancel(); }
  void destroy(std::size_t job) {
    jobs_.at(job).reset();
    outcomes_[job] = JobEnd::kDestroyed;
  }

  /// Resumes every ready coroutine, also those that become ready meanwhile.
  void run() {
    turn_.reset();
    turn_.emplace(home());
  }
  /// Runs the functions that were posted to the loop.
  static void receive() {
    contexts()[0].restart();
    contexts()[0].poll();
  }
  /// Runs `work` as code of the other loop.
  static void elsewhere(const std::function<void()>& work) {
    const Loop::Turn turn{other()};
    work();
  }
  /// Until nothing is left to be done.
  void settle() {
    for (int i = 0; i < 4; ++i) {
      receive();
      run();
    }
  }

 private:
  class Actor final : public Job {
   public:
    Actor(std::vector<JobEnd>& outcomes, std::size_t number) : Job(home()), outcomes_(outcomes), number_(number) {}

   private:
    void finished(std::exception_ptr error) override {
      try {
        if (error) std::rethrow_exception(error);
        outcomes_[number_] = JobEnd::kDone;
      } catch (const Cancelled&) {
        outcomes_[number_] = JobEnd::kCancelled;
      } catch (const std::logic_error&) {
        outcomes_[number_] = JobEnd::kLogicError;
      }
    }
    std::vector<JobEnd>& outcomes_;
    std::size_t number_;
  };

  // Kept from order to order: a context costs more than an order.
  static std::array<boost::asio::io_context, 2>& contexts() {
    static std::array<boost::asio::io_context, 2> contexts;
    return contexts;
  }

  std::optional<Loop::Turn> turn_;
  std::vector<JobEnd> outcomes_;
  std::vector<std::unique_ptr<Actor>> jobs_;
};

template <class World>
struct Operation {
  std::string name;
  std::function<bool(const World&)> possible;
  std::function<void(World&)> play;
};

/// The operations that every primitive's waiters have: each of the first `jobs` is cancelled and destroyed; and the
/// turn goes on.
template <class World>
std::vector<Operation<World>> job_operations(std::size_t jobs) {
  std::vector<Operation<World>> operations;
  for (std::size_t job = 0; job < jobs; ++job) {
    operations.push_back({"cancel " + std::to_string(job),
                          [job](const World& world) { return world.waits(job) && !world.cancelled(job); },
                          [job](World& world) { world.cancel(job); }});
    operations.push_back({"destroy " + std::to_string(job), [job](const World& world) { return world.waits(job); },
                          [job](World& world) { world.destroy(job); }});
  }
  operations.push_back({"run", [](const World&) { return true; }, [](World& world) { world.run(); }});
  return operations;
}

/// Plays every order of up to `depth` operations; each time, all that is left is run, and World::check() is called.
/// Returns the number of orders. Stops at the first that fails.
template <class World>
int play_every_order(const std::vector<Operation<World>>& operations, int depth) {
  int orders = 0;
  std::vector<std::size_t> order;
  // Plays `order`; false when its last operation is not possible.
  const auto play = [&] {
    World world;
    std::string trace;
    for (const std::size_t number : order) {
      const Operation<World>& operation = operations[number];
      if (!operation.possible(world)) return false;
      trace += operation.name + "; ";
      operation.play(world);
    }
    const ::testing::ScopedTrace scope{__FILE__, __LINE__, trace};
    world.settle();
    world.check();
    ++orders;
    return true;
  };
  const std::function<void()> extend = [&] {
    for (std::size_t next = 0; next < operations.size() && !::testing::Test::HasFailure(); ++next) {
      order.push_back(next);
      if (play() && static_cast<int>(order.size()) < depth) extend();
      order.pop_back();
    }
  };
  extend();
  return orders;
}

}  // namespace tern::test
