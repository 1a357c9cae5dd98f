// co_await tern::sleep(10ms): waits, and costs no thread. The time counts from the await.
#pragma once

#include <coroutine>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

/// An Awaitable that wakes at `when`, not before. Cancelled, it throws Cancelled at once.
class [[nodiscard]] TERN_API SleepUntil : public Wait, private Timer {
 public:
  static constexpr bool kDroppable = true;  // detail::Droppable
  explicit SleepUntil(Clock::time_point when) noexcept : when_(when) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  void await_resume() const { resumed(); }

 protected:
  void set_time(Clock::time_point when) noexcept { when_ = when; }

 private:
  void begin(std::coroutine_handle<> caller, Job& job);
  void expired() noexcept override { wake(); }
  void cancel() noexcept override {
    disarm();
    wake();
  }
  Clock::time_point when_;
};

/// An Awaitable that wakes when `duration` has passed since its await.
class [[nodiscard]] TERN_API Sleep : public SleepUntil {
 public:
  explicit Sleep(Clock::duration duration) noexcept : SleepUntil(Clock::time_point{}), duration_(duration) {}

  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    set_time(Clock::now() + duration_);
    SleepUntil::await_suspend(caller);
  }

 private:
  Clock::duration duration_;
};

inline SleepUntil sleep_until(Clock::time_point when) noexcept { return SleepUntil{when}; }

/// Waits for `duration`, any std::chrono duration, from the await on; 0 or less lets the loop's other coroutines run
/// once.
template <class Rep, class Period>
Sleep sleep(std::chrono::duration<Rep, Period> duration) {
  return Sleep{std::chrono::ceil<Clock::duration>(duration)};
}

}  // namespace tern
