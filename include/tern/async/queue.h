// Queue<T>: a bounded queue between coroutines of one loop: a producer that is faster than the consumers waits.
// (asyncio.Queue, with a bound that cannot be left out.)
//
//   tern::Queue<Order> orders{64};
//   const bool taken = co_await orders.push(order);            // false: the queue was closed
//   while (std::optional<Order> next = co_await orders.pop())  // empty: closed, and all were popped
//     co_await handle(*next);
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tern/api.h"
#include "tern/detail/recycler.h"
#include "tern/detail/waiter_list.h"

namespace tern {

namespace detail {
/// Returns `capacity`. Throws std::invalid_argument when it is 0; `what` names the primitive with its article.
TERN_API std::size_t require_capacity(std::size_t capacity, const char* what);
}  // namespace detail

/// Any number of producers and consumers, served first in, first out.
template <class T>
class Queue {
 public:
  class [[nodiscard]] Push;
  class [[nodiscard]] Pop;

  /// `capacity`, in elements. Throws std::invalid_argument when it is 0.
  explicit Queue(std::size_t capacity) : capacity_(detail::require_capacity(capacity, "a Queue")) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Awaits room and adds `value`. Returns false when the queue is closed, before or meanwhile; `value` is then
  /// dropped. Cancelled, it has added nothing.
  Push push(T value) { return Push{*this, std::move(value)}; }
  /// Awaits an element and removes it. Returns empty when the queue is closed and has no more. Cancelled, it has
  /// removed nothing.
  Pop pop() noexcept { return Pop{*this}; }

  /// Adds `value` if there is room now and no push() waits. Otherwise returns false, and `value` is untouched.
  template <class U>
  [[nodiscard]] bool try_push(U&& value) {
    if (closed_ || full() || !pushes_.empty()) return false;
    add(std::forward<U>(value));
    return true;
  }
  /// Removes an element if there is one now and no pop() waits.
  [[nodiscard]] std::optional<T> try_pop() { return pops_.empty() ? take() : std::nullopt; }

  /// Ends the queue: every push() returns false from now on, and pop() returns empty after the last element. Wakes both
  /// sides. Closing it again has no effect.
  void close() noexcept {
    closed_ = true;
    pushes_.notify_first();
    pops_.notify_first();
  }

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  [[nodiscard]] bool full() const noexcept { return elements_.size() >= capacity_; }
  template <class U>
  void add(U&& value) {
    elements_.push_back(std::forward<U>(value));
    pops_.notify_first();
  }
  std::optional<T> take() {
    if (elements_.empty()) return std::nullopt;
    std::optional<T> first{std::move(elements_.front())};
    elements_.pop_front();
    pushes_.notify_first();
    return first;
  }

  const std::size_t capacity_;
  std::deque<T, RecyclingAllocator<T>> elements_;
  bool closed_ = false;
  detail::WaiterList pushes_;
  detail::WaiterList pops_;
};

template <class T>
class Queue<T>::Push final : public detail::Waiter {
 public:
  Push(Queue& queue, T value)
      : Waiter(queue.pushes_, detail::WakeOrder::kInOrder), queue_(queue), value_(std::move(value)) {}

  bool await_resume() {
    const Taking taking{*this};
    if (queue_.closed_) return false;
    if (std::exchange(pushed_, true)) throw std::logic_error("a push() is awaited once: its value is in the queue");
    queue_.add(std::move(value_));
    return true;
  }

 private:
  bool ready() noexcept override { return queue_.closed_ || !queue_.full(); }
  [[nodiscard]] const char* primitive() const noexcept override { return "a Queue"; }

  Queue& queue_;
  T value_;
  bool pushed_ = false;
};

template <class T>
class Queue<T>::Pop final : public detail::Waiter {
 public:
  explicit Pop(Queue& queue) noexcept : Waiter(queue.pops_, detail::WakeOrder::kInOrder), queue_(queue) {}

  std::optional<T> await_resume() {
    const Taking taking{*this};
    return queue_.take();
  }

 private:
  bool ready() noexcept override { return queue_.closed_ || !queue_.elements_.empty(); }
  [[nodiscard]] const char* primitive() const noexcept override { return "a Queue"; }

  Queue& queue_;
};

}  // namespace tern
