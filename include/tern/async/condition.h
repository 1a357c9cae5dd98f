// Condition: waits until something about the program's own variables is true. (asyncio.Condition; a lock is needed only
// across an await: see Mutex.)
//
//   tern::Condition changed;
//   co_await changed.wait([&] { return balance >= price; });
//   balance += 10;
//   changed.notify_all();  // after every change that may make a predicate true
#pragma once

#include <concepts>
#include <functional>

#include "tern/async/task.h"
#include "tern/detail/waiter_list.h"

namespace tern {

/// Predicates are called on the loop, when a wait begins, in notify_…() and when the waiter runs. They look and change
/// nothing. An exception of a predicate is thrown out of its wait().
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  /// Awaits that predicate() is true; it is true when this returns. Objects that the predicate refers to must outlive
  /// the task.
  template <std::predicate Predicate>
  Task<void> wait(Predicate predicate) {
    for (;;) {
      co_await Waiting<Predicate>{*this, predicate};
      if (predicate()) co_return;
      notify_one();  // another coroutine was faster; the notification may serve one that wants less
    }
  }

  /// Wakes every waiter whose predicate is true.
  void notify_all() noexcept { waiters_.notify_all(); }
  /// Wakes the first waiter whose predicate is true: for a change that serves one. When that waiter is cancelled or
  /// destroyed before it runs, the next is woken. Returns false when no waiter's predicate is true that was not woken
  /// before.
  bool notify_one() noexcept { return waiters_.notify_one(); }

  [[nodiscard]] bool waited_for() const noexcept { return !waiters_.empty(); }

 private:
  template <class Predicate>
  class [[nodiscard]] Waiting final : public detail::Waiter {
   public:
    Waiting(Condition& condition, Predicate& predicate) noexcept
        : Waiter(condition.waiters_, detail::WakeOrder::kOne), predicate_(predicate) {}
    void await_resume() { const Taking taking{*this}; }

   private:
    bool ready() noexcept override {
      try {
        return static_cast<bool>(std::invoke(predicate_));
      } catch (...) {
        return true;  // it throws again in wait()
      }
    }
    [[nodiscard]] const char* primitive() const noexcept override { return "a Condition"; }
    Predicate& predicate_;
  };

  detail::WaiterList waiters_;
};

}  // namespace tern
