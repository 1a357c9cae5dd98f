// Counter: counts what one loop does, for anybody to look at.
#pragma once

#include <atomic>
#include <cstdint>

namespace tern {

/// Added to by one thread at a time, at the price of a plain number; read by any.
class Counter {
 public:
  void add(std::uint64_t more = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace tern
