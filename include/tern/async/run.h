// Programs' entry: loops are made, the main task runs on the first, and everything is gone when it has ended. SIGPIPE
// no longer ends the process from then on, unless the program has a handler for it: a write to a closed pipe fails.
//
//   int main() { return tern::run(serve(), {.threads = 4}); }
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>

#include "tern/api.h"
#include "tern/async/task.h"

namespace tern {

struct RunOptions {
  /// Loops, one thread each; the calling thread runs the first. Default: 1, as in asyncio. Raise it up to core_count()
  /// (executor.h) when one loop's core is busy. 0 is rejected with std::invalid_argument.
  std::size_t threads = 1;

  /// How long after its last event a loop goes on looking for the next one before it sleeps. Default: 0, it sleeps at
  /// once. Raise it where latency counts more than a core: waking a thread that sleeps takes tens of microseconds,
  /// which a lone call waits for. A core is then busy while calls come more often than this.
  std::chrono::microseconds busy_poll{0};

  /// A loop that has not come round for this long is blocked: it is logged, with the call that blocks it and the stack
  /// (which a signal takes, SIGURG: a system call that cannot go on after one ends with EINTR), and counted
  /// (Loop::times_blocked). A thread that only waits for a core is not. Default: 100 ms. std::nullopt watches no loop,
  /// for programs whose system calls must not be interrupted.
  std::optional<std::chrono::milliseconds> blocked_after = std::chrono::milliseconds{100};
};

namespace detail {
/// Runs `body` on the first of new loops until it has ended; throws what it threw.
TERN_API void run_loops(Task<void> body, const RunOptions& options);
/// Runs `program`; an exception that leaves it is written to stderr, and 1 returned.
TERN_API int report_errors(const std::function<int()>& program);

template <class T>
Task<void> store_result(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}
}  // namespace detail

/// Runs `task` to its end on loops of its own; returns its result or throws what it threw. Not from inside a loop.
template <class T>
T block_on(Task<T> task, const RunOptions& options = {}) {
  if constexpr (std::is_void_v<T>) {
    detail::run_loops(std::move(task), options);
  } else {
    std::optional<T> result;
    detail::run_loops(detail::store_result(std::move(task), result), options);
    return *std::move(result);
  }
}

/// A whole program: block_on, with an exit status. The status is the task's int, or 0; an exception that leaves the
/// task is written to stderr as one line, and the status is 1.
template <class T>
  requires(std::is_void_v<T> || std::is_same_v<T, int>)
int run(Task<T> task, const RunOptions& options = {}) {
  return detail::report_errors([&] {
    if constexpr (std::is_void_v<T>) {
      block_on(std::move(task), options);
      return 0;
    } else {
      return block_on(std::move(task), options);
    }
  });
}

}  // namespace tern
