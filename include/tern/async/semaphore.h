// Semaphore: at most so many at once. (asyncio.BoundedSemaphore, in units.)
//
//   tern::Semaphore limit{8};
//   tern::Semaphore::Units units = co_await limit.acquire();  // given back when `units` is destroyed
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/waiter_list.h"

namespace tern {

/// First in, first out: a large request at the head holds up smaller ones behind it, so that it gets its units at last.
/// Destroyed while units are in use, it logs an error, and they are given back to nobody.
class TERN_API Semaphore {
 public:
  class [[nodiscard]] Units;
  class [[nodiscard]] Acquire;

  /// Throws std::invalid_argument when `total` is 0.
  explicit Semaphore(std::size_t total);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();

  /// Awaits `count` units. Cancelled, it has taken none. Throws std::invalid_argument when `count` is 0, or more than
  /// the total, which it would await for ever.
  Acquire acquire(std::size_t count = 1);
  /// Takes `count` units if they are free now and nobody waits. Throws as acquire() does.
  [[nodiscard]] std::optional<Units> try_acquire(std::size_t count = 1);

  [[nodiscard]] std::size_t available() const noexcept { return available_; }
  [[nodiscard]] std::size_t total() const noexcept { return total_; }

 private:
  void require_possible(std::size_t count) const;
  void give_back(std::size_t count) noexcept {
    available_ += count;
    waiters_.notify_first();
  }

  const std::size_t total_;
  std::size_t available_ = total_;
  detail::WaiterList waiters_;
  IntrusiveList<Units> in_use_;
};

/// Units in use. Its destructor, and nothing else, gives them back.
class Semaphore::Units : private ListNode<Units> {
 public:
  /// None.
  Units() noexcept = default;
  Units(Units&& other) noexcept { steal(other); }
  Units& operator=(Units&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    steal(other);
    return *this;
  }
  ~Units() { give_back(); }

  /// 0 after it was moved from, and after the semaphore's end.
  [[nodiscard]] std::size_t count() const noexcept { return linked() ? count_ : 0; }

 private:
  friend class Semaphore;
  friend class IntrusiveList<Units>;
  Units(Semaphore& semaphore, std::size_t count) noexcept : semaphore_(&semaphore), count_(count) {
    semaphore.available_ -= count;
    semaphore.in_use_.push_back(*this);
  }
  void steal(Units& other) noexcept {
    if (!other.linked()) return;
    other.unlink();
    semaphore_ = other.semaphore_;
    count_ = other.count_;
    semaphore_->in_use_.push_back(*this);
  }
  void give_back() noexcept {
    if (!linked()) return;
    unlink();
    semaphore_->give_back(count_);
  }

  Semaphore* semaphore_ = nullptr;
  std::size_t count_ = 0;
};

class Semaphore::Acquire final : public detail::Waiter {
 public:
  Acquire(Semaphore& semaphore, std::size_t count) noexcept
      : Waiter(semaphore.waiters_, detail::WakeOrder::kInOrder), semaphore_(semaphore), count_(count) {}

  Units await_resume() {
    const Taking taking{*this};
    return Units{semaphore_, count_};
  }

 private:
  bool ready() noexcept override { return semaphore_.available_ >= count_; }
  [[nodiscard]] const char* primitive() const noexcept override { return "a Semaphore"; }

  Semaphore& semaphore_;
  std::size_t count_;
};

inline Semaphore::Acquire Semaphore::acquire(std::size_t count) {
  require_possible(count);
  return Acquire{*this, count};
}

}  // namespace tern
