// WaiterList: the coroutines that wait at one primitive (a Queue, a Semaphore, an Event), and the rule that every
// primitive keeps: an await that throws Cancelled has had no effect.
//
// A waiter that was notified runs later in the turn. Its job may be cancelled or destroyed before that. So nothing is
// handed over with the notification: the waiter takes what it waits for when it runs, and a notified waiter that leaves
// without taking passes the notification on.
//
//   waits --notify--> notified --runs--> takes, and leaves the list
//     |                   |
//     +-------------------+--cancelled or destroyed--> leaves the list; the next waiter is notified
#pragma once

#include <coroutine>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/intrusive_list.h"

namespace tern::detail {

class WaiterList;

/// The order in which waiters are notified.
enum class WakeOrder : unsigned char {
  /// The first waiter only, and the next one when that has left. Nobody overtakes, so what the first was notified of is
  /// there when it runs.
  kInOrder,
  /// One waiter for each notification, the first that is ready.
  kOne,
  /// Every waiter that is ready. They take nothing from each other.
  kAll,
};

/// Base of a primitive's awaiters. May be moved until it is awaited.
class TERN_API Waiter : public Wait, public ListNode<Waiter> {
 public:
  static constexpr bool kDroppable = true;  // detail::Droppable

  Waiter(Waiter&& other) noexcept : Wait(), ListNode<Waiter>(), list_(other.list_), order_(other.order_) {}
  Waiter& operator=(Waiter&&) = delete;
  ~Waiter() override { leave(); }

  /// Never: a cancelled job's await throws even where it need not wait, and only await_suspend knows the job.
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    return suspend(caller, *caller.promise().job());
  }

  /// True once it was notified: what it waited for has happened.
  [[nodiscard]] bool notified() const noexcept { return notified_; }

 protected:
  Waiter(WaiterList& list, WakeOrder order) noexcept : list_(&list), order_(order) {}

  /// True when what it waits for is there. Stays true for the first waiter of a kInOrder list until it has run.
  [[nodiscard]] virtual bool ready() noexcept = 0;
  /// The primitive's name with its article, for error texts: "a Queue".
  [[nodiscard]] virtual const char* primitive() const noexcept = 0;

  /// False when the coroutine need not wait.
  bool suspend(std::coroutine_handle<> caller, Job& job);
  /// Waits in the list. Throws std::logic_error when a coroutine of another loop waits there.
  void wait(std::coroutine_handle<> caller, Job& job);
  /// Leaves the list, and has the next waiter notified where that is due.
  void leave() noexcept;
  void cancel() noexcept override {
    leave();
    wake();
  }

  /// The scope in which a waiter takes what it waited for: first thing in await_resume.
  class Taking {
   public:
    /// Throws Cancelled when the job was cancelled, and std::logic_error when the primitive was destroyed.
    explicit Taking(Waiter& waiter) : waiter_(waiter) { waiter.check(); }
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;
    ~Taking() { waiter_.took(); }

   private:
    Waiter& waiter_;
  };
  /// As Taking's constructor.
  void check() {
    check_cancelled();
    check_alive();
  }
  void check_cancelled();
  void check_alive() const;

 private:
  friend class WaiterList;
  void took() noexcept;
  void notify() noexcept {
    notified_ = true;
    wake();
  }

  WaiterList* list_;  // null once the primitive is gone
  WakeOrder order_;
  bool notified_ = false;
};

/// Belongs to the loop of the coroutines that wait in it.
class TERN_API WaiterList {
 public:
  WaiterList() = default;
  WaiterList(const WaiterList&) = delete;
  WaiterList& operator=(const WaiterList&) = delete;
  ~WaiterList() { abandon(); }

  [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }

  /// kInOrder: to be called after every change that may let the first waiter go on.
  void notify_first() noexcept {
    if (!waiters_.empty()) notify_front();
  }
  /// kOne. Returns false when none is ready that was not notified before.
  bool notify_one() noexcept;
  /// kAll. Returns false when some are not ready and wait on.
  bool notify_all() noexcept;
  /// kAll, of waiters that do not look at the primitive after they were notified: they leave the list now.
  void release_all() noexcept;

  /// Wakes all waiters with std::logic_error: the primitive is destroyed while they wait.
  void abandon() noexcept {
    if (!waiters_.empty()) abandon_all();
  }
  /// The same for one of them. Does nothing for one that does not wait.
  static void abandon(Waiter& waiter) noexcept;

 private:
  friend class Waiter;
  void notify_front() noexcept;
  void abandon_all() noexcept;

  IntrusiveList<Waiter> waiters_;
};

inline bool Waiter::suspend(std::coroutine_handle<> caller, Job& job) {
  const bool first = order_ != WakeOrder::kInOrder || list_->empty();
  if (!job.cancelled() && first && ready()) return false;
  wait(caller, job);
  return true;
}

}  // namespace tern::detail
