// ThreadOneShot<T>: one result that arrives from another thread. (concurrent.futures.Future with asyncio.wrap_future.)
//
//   tern::ThreadOneShot<Reply> done;
//   driver.start(query, [setter = done.setter()](Reply reply) { setter.set(std::move(reply)); });  // on its thread
//   Reply reply = co_await done.wait();
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "tern/async/one_shot.h"
#include "tern/detail/loop_signal.h"

namespace tern {

/// Made, awaited and destroyed on one loop; its setters may be used and destroyed on any thread. `T` may be void: set()
/// then has no argument.
template <class T = void>
class ThreadOneShot {
 public:
  class Setter;
  class [[nodiscard]] Waiting;

  /// Throws std::logic_error outside of a loop.
  ThreadOneShot() : shared_(std::make_shared<Shared>(Loop::require_current("a ThreadOneShot"))) {}
  ThreadOneShot(const ThreadOneShot&) = delete;
  ThreadOneShot& operator=(const ThreadOneShot&) = delete;
  ~ThreadOneShot() { shared_->waiters.abandon(); }

  /// Setters are copies of one: when the last is destroyed and none has set a result, wait() throws SetterDropped.
  [[nodiscard]] Setter setter();

  /// Awaits the result, and takes it: once, by one coroutine. Throws std::logic_error when another one waits, or the
  /// result was taken. Cancelled, it has taken nothing, and may be awaited again.
  Waiting wait() {
    shared_->require_untaken();
    if (!shared_->waiters.empty()) detail::throw_waited_for_twice();
    return Waiting{*shared_};
  }

 private:
  class Shared final : public detail::LoopSignal {
   public:
    using LoopSignal::LoopSignal;

    template <class... Arguments>
    void succeed(Arguments&&... arguments) {
      {
        const std::lock_guard lock{mutex_};
        slot_.succeed(std::forward<Arguments>(arguments)...);
        set_.store(true, std::memory_order_release);
      }
      signal();
    }
    void fail(std::exception_ptr error) {
      {
        const std::lock_guard lock{mutex_};
        slot_.fail(std::move(error));
        set_.store(true, std::memory_order_release);
      }
      signal();
    }
    [[nodiscard]] bool set() const noexcept { return set_.load(std::memory_order_acquire); }
    void require_untaken() {
      const std::lock_guard lock{mutex_};
      slot_.require_untaken();
    }
    T take() {
      const std::lock_guard lock{mutex_};
      return slot_.take();
    }

    detail::WaiterList waiters;  // of the loop

   private:
    void signalled() noexcept override { waiters.notify_all(); }

    std::mutex mutex_;
    detail::OneShotSlot<T> slot_;
    std::atomic<bool> set_ = false;
  };

  /// Shared by the setters.
  struct Link {
    explicit Link(std::shared_ptr<Shared> its_state) noexcept : shared(std::move(its_state)) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() {
      if (!shared->set()) shared->fail(std::make_exception_ptr(SetterDropped{}));
    }
    std::shared_ptr<Shared> shared;
  };

  std::shared_ptr<Shared> shared_;
  std::weak_ptr<Link> link_;
};

/// For any thread.
template <class T>
class ThreadOneShot<T>::Setter {
 public:
  // Without a move: no setter is ever empty.
  Setter(const Setter&) noexcept = default;
  Setter& operator=(const Setter&) noexcept = default;
  ~Setter() = default;

  /// Sets the result: T's constructor gets the arguments. Throws std::logic_error when one was set before.
  template <class... Arguments>
  void set(Arguments&&... arguments) const {
    link_->shared->succeed(std::forward<Arguments>(arguments)...);
  }
  /// Has wait() throw `error`. Throws std::logic_error when a result was set before.
  void fail(std::exception_ptr error) const { link_->shared->fail(std::move(error)); }

 private:
  friend class ThreadOneShot;
  explicit Setter(std::shared_ptr<Link> link) noexcept : link_(std::move(link)) {}
  std::shared_ptr<Link> link_;
};

template <class T>
typename ThreadOneShot<T>::Setter ThreadOneShot<T>::setter() {
  std::shared_ptr<Link> link = link_.lock();
  if (link == nullptr) link_ = link = std::make_shared<Link>(shared_);
  return Setter{std::move(link)};
}

template <class T>
class ThreadOneShot<T>::Waiting final : public detail::Waiter {
 public:
  explicit Waiting(Shared& shared) noexcept : Waiter(shared.waiters, detail::WakeOrder::kAll), shared_(shared) {}

  T await_resume() {
    const Taking taking{*this};
    return shared_.take();
  }

 private:
  bool ready() noexcept override { return shared_.set(); }
  [[nodiscard]] const char* primitive() const noexcept override { return "a ThreadOneShot"; }
  Shared& shared_;
};

}  // namespace tern
