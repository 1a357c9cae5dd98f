// Counter: counts what one loop does, and any thread may read it. A PerLoop has one for each loop.
#pragma once

#include <atomic>
#include <cstdint>

namespace tern {

/// One thread at a time may call add(), which costs as much as adding to a plain number. Any thread may call value().
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
