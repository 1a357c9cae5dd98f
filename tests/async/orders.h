// Every order of the events of a combinator of tasks: its branches finish and fail, its job is cancelled or
// destroyed, its time is up. Each sequence of up to three happenings is played in every division into turns of the
// loop, with branches that obey a cancellation and with branches that have a result all the same.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/tracker.h"
#include "tern/async/event.h"
#include "tern/async/job.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern::test {

enum class Happening { kFinishA, kFinishB, kFailA, kFailB, kCancel, kDestroy, kTimeout };

inline const char* name_of(Happening happening) {
  constexpr const char* kNames[] = {"finish A", "finish B", "fail A", "fail B", "cancel", "destroy", "timeout"};
  return kNames[static_cast<int>(happening)];
}

/// Happenings of one turn stand in one inner vector.
using Order = std::vector<std::vector<Happening>>;

inline std::string text_of(const Order& order, bool stubborn) {
  std::string text = stubborn ? "branches ignore cancellation: " : "";
  for (const auto& turn : order) {
    for (const Happening happening : turn) text += std::string{name_of(happening)} + ", ";
    text += "| ";
  }
  return text;
}

struct BranchFailed : std::runtime_error {
  BranchFailed() : std::runtime_error("the branch failed") {}
};

/// One branch: what tells it to go on, and what became of it.
struct Side {
  explicit Side(int its_value) : value(its_value) {}
  int value;
  Event go;
  bool fail = false;
  bool stubborn = false;
  int begun = 0;
  int returned = 0;
  int failed = 0;
};

inline Task<int> branch(Side& side, int& alive) {
  const Tracker tracker{alive};
  ++side.begun;
  try {
    co_await side.go.wait();
  } catch (const Cancelled&) {
    if (!side.stubborn) throw;
  }
  if (side.fail) {
    ++side.failed;
    throw BranchFailed{};
  }
  ++side.returned;
  co_return side.value;
}

/// Two branches and the job that combines them, on a loop that the test drives by hand.
class Play {
 public:
  class Combination final : public Job {
   public:
    explicit Combination(Play& play) : Job(play.loop), play_(play) {}

   private:
    void finished(std::exception_ptr error) override {
      ++play_.ends;
      play_.error = std::move(error);
    }
    Play& play_;
  };

  boost::asio::io_context context{1};
  Loop& loop = Loop::of(context);
  Side a{1};
  Side b{2};
  int alive = 0;  // frames of branches
  int ends = 0;
  std::exception_ptr error;
  std::vector<int> results;  // what the combination gave
  bool late = false;         // it said that the time was up
  int alive_at_end = 0;      // branches left when the combination went on
  bool cancelled = false;    // it has happened, as have the following
  bool destroyed = false;
  std::unique_ptr<Combination> job = std::make_unique<Combination>(*this);

  ~Play() {
    const Loop::Turn turn{loop};
    job.reset();
  }
  Play() = default;
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  [[nodiscard]] bool failed_with_branch() const { return is<BranchFailed>(); }
  [[nodiscard]] bool ended_cancelled() const { return is_cancelled(error); }

  /// To be called with the combination's body; plays the order, then whatever is left to end it.
  template <class Body>
  void play(const Order& order, bool stubborn, Body body) {
    a.stubborn = b.stubborn = stubborn;
    {
      const Loop::Turn turn{loop};
      job->start(body(*this));
    }
    for (const auto& turn : order) {
      if (turn.front() == Happening::kTimeout) {
        pass_time();
      } else {
        const Loop::Turn one{loop};
        for (const Happening happening : turn) happen(happening);
      }
    }
    if (destroyed) {
      EXPECT_EQ(alive, 0) << "frames were left behind";
      return;
    }
    for (const Happening last : {Happening::kFinishA, Happening::kFinishB}) {
      const Loop::Turn turn{loop};
      happen(last);
    }
    EXPECT_EQ(ends, 1);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(alive_at_end, 0) << "the combination went on before its branches had ended";
  }

 private:
  template <class Exception>
  [[nodiscard]] bool is() const {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Exception&) {
      return true;
    } catch (...) {
      return false;
    }
    return false;
  }

  static void finish(Side& side, bool fail) {
    if (!side.go.is_set()) side.fail = fail;
    side.go.set();
  }

  void happen(Happening happening) {
    switch (happening) {
      case Happening::kFinishA:
        return finish(a, false);
      case Happening::kFinishB:
        return finish(b, false);
      case Happening::kFailA:
        return finish(a, true);
      case Happening::kFailB:
        return finish(b, true);
      case Happening::kCancel:
        cancelled = true;
        if (job) job->cancel();
        return;
      case Happening::kDestroy:
        destroyed = true;
        job.reset();
        return;
      case Happening::kTimeout:
        return pass_time();
    }
  }

  /// Lets the timers that are due expire; they do in no other step, since only here the loop is run.
  void pass_time() {
    context.restart();
    while (context.poll() == 0 && !context.stopped()) context.run_one_for(std::chrono::seconds{10});
  }
};

/// Calls play(order, stubborn) for every order of up to three of `events`.
template <class PlayOne>
void for_each_order(std::initializer_list<Happening> events, PlayOne play_one) {
  std::vector<std::vector<Happening>> sequences{{}};
  for (std::size_t from = 0, length = 1; length <= 3; ++length) {
    const std::size_t until = sequences.size();
    for (; from < until; ++from) {
      for (const Happening event : events) {
        std::vector<Happening> longer = sequences[from];
        if (std::find(longer.begin(), longer.end(), event) != longer.end()) continue;
        longer.push_back(event);
        sequences.push_back(std::move(longer));
      }
    }
  }
  for (const std::vector<Happening>& sequence : sequences) {
    if (sequence.empty()) continue;
    for (unsigned cuts = 0; cuts < 1U << (sequence.size() - 1); ++cuts) {
      Order order{{sequence.front()}};
      for (std::size_t i = 1; i < sequence.size(); ++i) {
        // Time passes between turns.
        const bool cut =
            (cuts >> (i - 1) & 1U) != 0 || sequence[i] == Happening::kTimeout || sequence[i - 1] == Happening::kTimeout;
        if (cut) order.emplace_back();
        order.back().push_back(sequence[i]);
      }
      for (const bool stubborn : {false, true}) {
        SCOPED_TRACE(text_of(order, stubborn));
        play_one(order, stubborn);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace tern::test
