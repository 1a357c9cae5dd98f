// Event: something that happens, and that any number of coroutines of one loop wait for. (asyncio.Event.)
#pragma once

#include <coroutine>
#include <optional>

#include "tern/async/intrusive_list.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

class Event {
 public:
  class [[nodiscard]] Waiting;

  /// Wakes all that wait; whoever waits later does not wait. Twice is once.
  void set() noexcept;
  /// From now on it has not happened: whoever waits waits for the next set().
  void clear() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }
  [[nodiscard]] bool waited_for() const noexcept { return !waiting_.empty(); }

  /// Awaits set(), or `limit` if that comes first; gives whether it was set.
  Waiting wait(std::optional<Clock::time_point> limit = std::nullopt) noexcept;

 private:
  bool set_ = false;
  IntrusiveList<Waiting> waiting_;
};

class Event::Waiting final : public Wait, public ListNode<Waiting>, private Timer {
 public:
  Waiting(Event& event, std::optional<Clock::time_point> limit) noexcept : event_(event), limit_(limit) {}

  [[nodiscard]] bool await_ready() const noexcept { return event_.set_; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  bool await_resume() const {
    resumed();
    return event_.set_;
  }

 private:
  void begin(std::coroutine_handle<> caller, Job& job);
  void expired() noexcept override { wake(); }
  Event& event_;
  std::optional<Clock::time_point> limit_;
};

inline Event::Waiting Event::wait(std::optional<Clock::time_point> limit) noexcept { return Waiting{*this, limit}; }

}  // namespace tern
