// Running a task on a loop from a thread that has none, and blocking until it has ended: how plain code calls
// coroutines.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/run.h"
#include "tern/async/task.h"

namespace tern {

namespace detail {
/// Throws std::logic_error on a loop's thread.
TERN_API void require_no_loop();
TERN_API void wait_on_loop(Loop& loop, Task<void> task);
}  // namespace detail

/// Runs `task` on `loop` and waits; gives its result or throws what it threw. Throws std::logic_error on a loop's own
/// thread, which it would block. The loop must go on running meanwhile.
template <class T>
T block_on_loop(Loop& loop, Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    detail::wait_on_loop(loop, std::move(task));
  } else {
    std::optional<T> result;
    detail::wait_on_loop(loop, detail::store_result(std::move(task), result));
    return *std::move(result);
  }
}

/// A loop on a thread of its own, for programs that have none. Destroyed, it stops and joins.
class TERN_API LoopThread {
 public:
  LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread();

  [[nodiscard]] Loop& loop() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tern
