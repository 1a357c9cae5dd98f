// Clock: the monotonic time that every sleep, deadline and timer of tern is measured by. It is
// std::chrono::steady_clock, except in a test that holds the time in its hand (tern/testing/time.h).
#pragma once

#include <chrono>

#include "tern/detail/test_clock.h"

namespace tern {

/// A clock in the sense of <chrono>. Its time points are steady_clock's, so that both can be passed to the same
/// functions. Any thread.
struct Clock {
  using duration = std::chrono::steady_clock::duration;  // NOLINT(readability-identifier-naming): the standard's names
  using rep = duration::rep;                             // NOLINT(readability-identifier-naming)
  using period = duration::period;                       // NOLINT(readability-identifier-naming)
  using time_point = std::chrono::steady_clock::time_point;  // NOLINT(readability-identifier-naming)
  static constexpr bool is_steady = true;                    // NOLINT(readability-identifier-naming)

  /// Returns the time that loops go by.
  static time_point now() noexcept {
    if (const detail::TestClock* clock = detail::test_clock(); clock != nullptr) [[unlikely]]
      return clock->now();
    return std::chrono::steady_clock::now();
  }
};

}  // namespace tern
