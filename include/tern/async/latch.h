// Latch: goes down from a count to 0 once, and wakes all that wait for that. (std::latch for coroutines.)
//
//   tern::Latch ready{3};
//   ready.count_down();     // three times
//   co_await ready.wait();
#pragma once

#include <cstddef>

#include "tern/api.h"
#include "tern/detail/waiter_list.h"

namespace tern {

class TERN_API Latch {
 public:
  class [[nodiscard]] Waiting;

  /// At 0 already when `count` is 0.
  explicit Latch(std::size_t count) noexcept : count_(count) {}
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  /// Throws std::logic_error, and does nothing, when `by` is more than the count that is left.
  void count_down(std::size_t by = 1);
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Awaits 0.
  Waiting wait() noexcept;

 private:
  std::size_t count_;
  detail::WaiterList waiters_;
};

class Latch::Waiting final : public detail::Waiter {
 public:
  explicit Waiting(Latch& latch) noexcept : Waiter(latch.waiters_, detail::WakeOrder::kAll), latch_(latch) {}

  void await_resume() {
    check_cancelled();
    if (!notified()) check_alive();  // a woken one does not look at the latch, which may be gone
  }

 private:
  bool ready() noexcept override { return latch_.count_ == 0; }
  [[nodiscard]] const char* primitive() const noexcept override { return "a Latch"; }
  Latch& latch_;
};

inline Latch::Waiting Latch::wait() noexcept { return Waiting{*this}; }

}  // namespace tern
