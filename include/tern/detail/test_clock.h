// TestClock: where the time of all loops of a process comes from while a test holds it (tern/testing/time.h), and what
// the library tells that test's clock. In a program without such a test each of these places is one comparison.
#pragma once

#include <atomic>
#include <chrono>
#include <utility>

#include "tern/api.h"

namespace tern::detail {

/// Implemented by tern::testing alone. Installed by the first testing::Time of a process, and never destroyed: loops
/// and threads may read it at any moment. Any thread.
class TERN_API TestClock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  TestClock() = default;
  TestClock(const TestClock&) = delete;
  TestClock& operator=(const TestClock&) = delete;

  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  /// True while the time stands until the test moves it. Loops then set no alarm of the operating system.
  [[nodiscard]] virtual bool held() const noexcept = 0;
  /// Returns when the operating system's clock shows `when`. Meaningful while the time is not held.
  [[nodiscard]] virtual TimePoint to_real(TimePoint when) const noexcept = 0;

  /// A loop has a timer to wait for, while the time is held.
  virtual void timer_armed() noexcept = 0;

  /// Work begins that no loop shows: a function on an executor's thread, a look-up of a name. The time does not move
  /// until it has ended.
  virtual void work_begun() noexcept = 0;
  virtual void work_ended() noexcept = 0;

 protected:
  ~TestClock() = default;
};

TERN_API inline constinit std::atomic<TestClock*> installed_test_clock = nullptr;

/// Returns null in every program that has had no testing::Time.
[[nodiscard]] inline TestClock* test_clock() noexcept { return installed_test_clock.load(std::memory_order_acquire); }

/// The clock that counts the present thread's work: of an executor's thread, and of a test's own thread. Null for
/// others.
TERN_API inline constinit thread_local TestClock* counts_this_thread = nullptr;

/// Counts work that no loop shows, from its construction to its destruction.
class WorkOutsideLoops {
 public:
  WorkOutsideLoops() noexcept : clock_(test_clock()) {
    if (clock_ != nullptr) [[unlikely]]
      clock_->work_begun();
  }
  WorkOutsideLoops(WorkOutsideLoops&& other) noexcept : clock_(std::exchange(other.clock_, nullptr)) {}
  WorkOutsideLoops& operator=(WorkOutsideLoops&& other) noexcept {
    std::swap(clock_, other.clock_);
    return *this;
  }
  WorkOutsideLoops(const WorkOutsideLoops&) = delete;
  WorkOutsideLoops& operator=(const WorkOutsideLoops&) = delete;
  ~WorkOutsideLoops() {
    if (clock_ != nullptr) [[unlikely]]
      clock_->work_ended();
  }

 private:
  TestClock* clock_;
};

/// A thread blocks until a loop wakes it, and does not count as working meanwhile. begin() comes when the loop has its
/// work, and end() before the loop wakes the thread, so that the time cannot move between. Not at once.
class BlockedThread {
 public:
  /// `clock`: the blocked thread's counts_this_thread.
  void begin(TestClock* clock) noexcept {
    clock_ = clock;
    if (clock_ != nullptr) [[unlikely]]
      clock_->work_ended();
  }
  /// Calling it again has no effect.
  void end() noexcept {
    if (TestClock* clock = std::exchange(clock_, nullptr); clock != nullptr) [[unlikely]]
      clock->work_begun();
  }

 private:
  TestClock* clock_ = nullptr;
};

/// Servers that have begun to listen and live. A test takes the time before there are any.
TERN_API inline constinit std::atomic<int> listening_servers = 0;

/// Counts one, from its construction to its destruction.
class ListeningServer {
 public:
  ListeningServer() noexcept { listening_servers.fetch_add(1, std::memory_order_relaxed); }
  ListeningServer(const ListeningServer&) = delete;
  ListeningServer& operator=(const ListeningServer&) = delete;
  ~ListeningServer() { listening_servers.fetch_sub(1, std::memory_order_relaxed); }
};

}  // namespace tern::detail
