// with_timeout(5s, task): the task's result, or TimedOut when it takes longer; it is then cancelled first, and has
// ended before the exception is thrown. (asyncio.wait_for.)
#pragma once

#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task.h"

namespace tern {

class TimedOut : public std::runtime_error {
 public:
  TimedOut() : std::runtime_error("timed out") {}
};

namespace detail {
/// Runs `task` with `when` as its job's deadline (or the caller's own, if earlier).
Task<void> run_until(Clock::time_point when, Task<void> task);
}  // namespace detail

/// Calls made inside of the task inherit the deadline. A task that ends at the last moment, cancelled or not, with a
/// result, keeps it.
template <class Rep, class Period, class T>
Task<T> with_timeout(std::chrono::duration<Rep, Period> timeout, Task<T> task) {
  const Clock::time_point when = Clock::now() + std::chrono::ceil<Clock::duration>(timeout);
  if constexpr (std::is_void_v<T>) {
    co_await detail::run_until(when, std::move(task));
  } else {
    std::optional<T> result;
    co_await detail::run_until(when, detail::store_result(std::move(task), result));
    co_return *std::move(result);
  }
}

}  // namespace tern
