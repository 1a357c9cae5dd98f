// Mutex: one coroutine at a time. (asyncio.Lock.) Code between two awaits needs none, since no other coroutine of the
// loop runs there: a Mutex is for a state that must stay consistent across an await. It does not protect against other
// threads.
//
//   tern::Mutex mutex;
//   tern::Mutex::Lock lock = co_await mutex.lock();  // unlocked when `lock` is destroyed
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/detail/waiter_list.h"

namespace tern {

/// First in, first out. Not recursive. Unlocking makes the next coroutine ready; it runs later in the turn, not inside
/// of the unlocking one. Destroyed while it is locked, it logs an error.
class TERN_API Mutex {
 public:
  class [[nodiscard]] Lock;
  class [[nodiscard]] Locking;

  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex();

  /// Awaits the lock. Cancelled, it has not locked. Throws std::logic_error when the job that awaits it holds the lock
  /// itself, for which it would wait for ever. A Lock that was moved may be another job's, and is not recognised so.
  Locking lock() noexcept;
  /// Locks if it is unlocked now and nobody waits.
  [[nodiscard]] std::optional<Lock> try_lock() noexcept;

  [[nodiscard]] bool locked() const noexcept { return lock_ != nullptr; }

 private:
  void unlock() noexcept {
    lock_ = nullptr;
    holder_ = nullptr;
    waiters_.notify_first();
  }

  Lock* lock_ = nullptr;
  const Job* holder_ = nullptr;  // null also when unknown
  detail::WaiterList waiters_;
};

class Mutex::Lock {
 public:
  Lock() noexcept = default;
  Lock(Lock&& other) noexcept { steal(other); }
  Lock& operator=(Lock&& other) noexcept {
    if (this == &other) return *this;
    unlock();
    steal(other);
    return *this;
  }
  ~Lock() { unlock(); }

  /// Has no effect when it holds no lock.
  void unlock() noexcept {
    if (mutex_ != nullptr) std::exchange(mutex_, nullptr)->unlock();
  }
  [[nodiscard]] bool owns_lock() const noexcept { return mutex_ != nullptr; }

 private:
  friend class Mutex;
  Lock(Mutex& mutex, const Job* holder) noexcept : mutex_(&mutex) {
    mutex.lock_ = this;
    mutex.holder_ = holder;
  }
  void steal(Lock& other) noexcept {
    mutex_ = std::exchange(other.mutex_, nullptr);
    if (mutex_ == nullptr) return;
    mutex_->lock_ = this;
    mutex_->holder_ = nullptr;
  }

  Mutex* mutex_ = nullptr;
};

class Mutex::Locking final : public detail::Waiter {
 public:
  explicit Locking(Mutex& mutex) noexcept : Waiter(mutex.waiters_, detail::WakeOrder::kInOrder), mutex_(mutex) {}

  template <HasJob Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    job_ = caller.promise().job();
    if (job_ == mutex_.holder_) throw_recursive();
    return suspend(caller, *caller.promise().job());
  }
  Lock await_resume() {
    const Taking taking{*this};
    return Lock{mutex_, job_};
  }

 private:
  bool ready() noexcept override { return !mutex_.locked(); }
  [[nodiscard]] const char* primitive() const noexcept override { return "a Mutex"; }
  [[noreturn]] static void throw_recursive();

  Mutex& mutex_;
  const Job* job_ = nullptr;
};

inline Mutex::Locking Mutex::lock() noexcept { return Locking{*this}; }

}  // namespace tern
