// Time: a test's own hand on the clock. While one exists, the time of every loop in the process stands still: sleeps,
// deadlines of clients and servers, keepalive, retries, backoff, reconnections, connection ages and idle timers all
// wait for the test. Ten minutes of them pass in milliseconds, and in the same order in each run.
//
//   tern::Task<void> test() {
//     tern::testing::Time time;                            // before servers and channels
//     tern::testing::InProcessServer server{orders};
//     auto order = tern::spawn…
//     co_await time.advance(10min);                        // everything that is due by then has happened
//   }
//
// or, where the test only waits for its calls: tern::testing::Time time{{.automatic = true}}.
#pragma once

#include <chrono>
#include <thread>

#include "tern/api.h"
#include "tern/async/clock.h"
#include "tern/async/task.h"

namespace tern::testing {

struct TimeOptions {
  /// True: the time moves by itself, to the next timer, whenever every loop is at rest and no function runs in an
  /// executor. For tests that wait for calls, and not for times. Default: it moves in advance() only.
  bool automatic = false;
  /// The automatic time stops after this much, and says so on stderr: nothing but periodic timers would run on.
  /// Default: a day.
  std::chrono::nanoseconds limit = std::chrono::hours{24};
  /// advance() fails when nothing has moved for this long, by the operating system's clock. Default: 10 seconds.
  std::chrono::nanoseconds patience = std::chrono::seconds{10};
};

/// One at a time in a process, on the thread that makes it. It holds the time of all loops of the process, whoever made
/// them, from its construction to its destruction. Afterwards the time goes on from where it stands, so that it never
/// goes back. Make it first in a test, in the test's task or before tern::run().
///
/// It moves tern::Clock. The calendar (std::chrono::system_clock), timers of Asio's own, std::this_thread::sleep_for
/// and other processes keep their own time. Connections inside of the process (InProcess) are best. With sockets each
/// step waits for 2 ms, which is what bytes need between two sockets of one machine.
class TERN_API Time {
 public:
  /// Throws std::logic_error when there is a Time already, and when a server of the process listens.
  explicit Time(TimeOptions options = {});
  Time(const Time&) = delete;
  Time& operator=(const Time&) = delete;
  ~Time();

  /// Moves the time by `by`, from timer to timer, and runs all that becomes due. It returns when the loops are at rest,
  /// which includes other threads' loops and functions in executors. Of a timer that a step arms, the next step knows.
  /// 0 only lets the loops come to rest.
  /// Throws std::invalid_argument for a negative time. Throws std::logic_error in automatic mode, on another thread
  /// than the Time's own, beside another advance(), and when the loops do not come to rest (TimeOptions::patience).
  Task<void> advance(std::chrono::nanoseconds by);

  /// Returns when all loops are at rest, without a move of the time: what the test has begun is then done, or waits for
  /// time. In place of a sleep that gives other coroutines a chance.
  Task<void> settle() { return advance(std::chrono::nanoseconds::zero()); }

  /// How far the time has been moved.
  [[nodiscard]] Clock::duration elapsed() const noexcept { return Clock::now() - began_; }

 private:
  void require_usable(std::chrono::nanoseconds by) const;

  TimeOptions options_;
  std::thread::id owner_ = std::this_thread::get_id();
  bool outside_of_loops_;
  Clock::time_point began_;
};

}  // namespace tern::testing
