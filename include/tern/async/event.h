// Event: something that happens, and that any number of coroutines of one loop wait for. (asyncio.Event.)
// From other threads: ThreadEvent.
//
//   tern::Event ready;
//   co_await ready.wait();   // in any number of coroutines
//   ready.set();             // all of them go on
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/detail/waiter_list.h"

namespace tern {

/// Destroyed while coroutines wait, it wakes them with std::logic_error; waiters that set() has woken go on.
class TERN_API Event {
 public:
  class [[nodiscard]] Waiting;

  /// Wakes all that wait, even if clear() follows before they run. Later waits return at once. Setting it again has no
  /// effect.
  void set() noexcept;
  /// Later waits wait for the next set().
  void clear() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// True while a coroutine waits that was not woken.
  [[nodiscard]] bool waited_for() const noexcept { return !waiters_.empty(); }

  /// Awaits set(), or `limit` if that comes first. Returns true when it was set. Returns at once when it is set, in a
  /// cancelled job too.
  Waiting wait(std::optional<Clock::time_point> limit = std::nullopt) noexcept;

 private:
  bool set_ = false;
  detail::WaiterList waiters_;
};

class Event::Waiting final : public detail::Waiter, private Timer {
 public:
  Waiting(Event& event, std::optional<Clock::time_point> limit) noexcept
      : Waiter(event.waiters_, detail::WakeOrder::kAll), event_(event), limit_(limit) {}
  Waiting(Waiting&& other) noexcept
      : Waiter(static_cast<Waiter&&>(other)), Timer(), event_(other.event_), limit_(other.limit_) {}

  [[nodiscard]] bool await_ready() const noexcept { return event_.set_; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  bool await_resume();

 private:
  void begin(std::coroutine_handle<> caller, Job& job);
  bool ready() noexcept override { return event_.set_; }
  [[nodiscard]] const char* primitive() const noexcept override { return "an Event"; }
  void expired() noexcept override { wake(); }
  Event& event_;
  std::optional<Clock::time_point> limit_;
};

inline Event::Waiting Event::wait(std::optional<Clock::time_point> limit) noexcept { return Waiting{*this, limit}; }

}  // namespace tern
