// RateLimit: so many at once, and so many a second; a full bucket of tokens that fills again.
#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>

#include "tern/async/clock.h"

namespace tern::http2 {

class RateLimit {
 public:
  RateLimit(std::uint64_t burst, std::uint64_t per_second) noexcept
      : burst_(burst), per_second_(per_second), left_(burst) {}

  /// Counts one; false when it is one too many.
  bool take() noexcept {
    // The clock is read only by who has used up the burst.
    assert(left_ <= burst_);
    if (left_ == 0) refill();
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  void refill() noexcept {
    const Clock::time_point now = Clock::now();
    const std::chrono::duration<double> passed = now - filled_;
    const double tokens = passed.count() * static_cast<double>(per_second_);
    if (tokens < 1) return;
    assert(left_ == 0);
    filled_ = now;
    left_ = tokens >= static_cast<double>(burst_) ? burst_ : static_cast<std::uint64_t>(tokens);
  }

  std::uint64_t burst_;
  std::uint64_t per_second_;
  std::uint64_t left_;
  Clock::time_point filled_ = Clock::now();
};

}  // namespace tern::http2
