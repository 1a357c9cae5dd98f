// OneShot<T>: one result that arrives from outside of coroutines, from a driver's callback. (asyncio.Future.) On one
// loop; where the callback runs on another thread: ThreadOneShot.
//
//   tern::OneShot<Reply> done;
//   driver.start(query, [setter = done.setter()](Reply reply) { setter.set(std::move(reply)); });
//   Reply reply = co_await done.wait();
#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

#include "tern/api.h"
#include "tern/detail/one_shot_slot.h"
#include "tern/detail/recycler.h"
#include "tern/detail/waiter_list.h"

namespace tern {

/// Thrown by OneShot::wait() and ThreadOneShot::wait() when the last setter was destroyed without setting a result.
class TERN_API SetterDropped : public std::runtime_error {
 public:
  SetterDropped() : std::runtime_error("the result never came: its setter was destroyed without setting one") {}
};

/// `T` may be void: set() then has no argument.
template <class T = void>
class OneShot {
 public:
  class Setter;
  class [[nodiscard]] Waiting;

  OneShot() = default;
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;
  ~OneShot() {
    if (link_ != nullptr) link_->target = nullptr;
  }

  /// Sets the result: T's constructor gets the arguments. Throws std::logic_error when one was set before.
  template <class... Arguments>
  void set(Arguments&&... arguments) {
    slot_.succeed(std::forward<Arguments>(arguments)...);
    waiters_.notify_all();
  }
  /// Has wait() throw `error`. Throws std::logic_error when a result was set before.
  void fail(std::exception_ptr error) {
    slot_.fail(std::move(error));
    waiters_.notify_all();
  }
  [[nodiscard]] bool is_set() const noexcept { return slot_.set(); }

  /// For a callback that may outlive this, or may never be called. Setters are copies of one: when the last is
  /// destroyed and none has set a result, wait() throws SetterDropped.
  [[nodiscard]] Setter setter();

  /// Awaits the result, and takes it: once, by one coroutine. Throws std::logic_error when another one waits, or the
  /// result was taken. Cancelled, it has taken nothing, and may be awaited again.
  Waiting wait() {
    slot_.require_untaken();
    if (!waiters_.empty()) detail::throw_waited_for_twice();
    return Waiting{*this};
  }

 private:
  /// Shared by the setters; knows the OneShot as long as that lives.
  struct Link : std::enable_shared_from_this<Link> {
    explicit Link(OneShot& its_target) noexcept : target(&its_target) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() {
      if (target == nullptr) return;
      target->link_ = nullptr;
      if (!target->is_set()) target->fail(std::make_exception_ptr(SetterDropped{}));
    }
    OneShot* target;
  };

  detail::OneShotSlot<T> slot_;
  Link* link_ = nullptr;
  detail::WaiterList waiters_;
};

/// Used on the loop of its OneShot. After the end of the OneShot it has no effect.
template <class T>
class OneShot<T>::Setter {
 public:
  // Without a move: no setter is ever empty.
  Setter(const Setter&) noexcept = default;
  Setter& operator=(const Setter&) noexcept = default;
  ~Setter() = default;

  /// As OneShot::set() and fail().
  template <class... Arguments>
  void set(Arguments&&... arguments) const {
    if (link_->target != nullptr) link_->target->set(std::forward<Arguments>(arguments)...);
  }
  void fail(std::exception_ptr error) const {
    if (link_->target != nullptr) link_->target->fail(std::move(error));
  }
  /// True while the OneShot lives: somebody may still wait.
  [[nodiscard]] bool wanted() const noexcept { return link_->target != nullptr; }

 private:
  friend class OneShot;
  explicit Setter(std::shared_ptr<Link> link) noexcept : link_(std::move(link)) {}
  std::shared_ptr<Link> link_;
};

template <class T>
typename OneShot<T>::Setter OneShot<T>::setter() {
  if (link_ != nullptr) return Setter{link_->shared_from_this()};
  std::shared_ptr<Link> link = std::allocate_shared<Link>(RecyclingAllocator<Link>{}, *this);
  link_ = link.get();
  return Setter{std::move(link)};
}

template <class T>
class OneShot<T>::Waiting final : public detail::Waiter {
 public:
  explicit Waiting(OneShot& one_shot) noexcept
      : Waiter(one_shot.waiters_, detail::WakeOrder::kAll), one_shot_(one_shot) {}

  T await_resume() {
    const Taking taking{*this};
    return one_shot_.slot_.take();
  }

 private:
  bool ready() noexcept override { return one_shot_.slot_.set(); }
  [[nodiscard]] const char* primitive() const noexcept override { return "a OneShot"; }
  OneShot& one_shot_;
};

}  // namespace tern
