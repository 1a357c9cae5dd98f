// co_await tern::yield_now(): lets the loop's other coroutines run first (asyncio.sleep(0)). For a coroutine that
// computes for long, and for an operation that fails without waiting: a program that tries again must not keep the loop
// from its sockets.
// Not `yield`, which <boost/asio/yield.hpp> defines as a macro.
#pragma once

#include <coroutine>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"

namespace tern {

class [[nodiscard]] TERN_API Yield final : public Wait {
 public:
  static constexpr bool kDroppable = true;  // detail::Droppable
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    if (begin_wait(caller, *caller.promise().job())) wake();
  }
  void await_resume() const { resumed(); }
};

/// Awaitable; resumes the coroutine after the coroutines that are ready now. The loop looks at its sockets and timers
/// at the latest after 4,096 resumptions. Throws Cancelled in a cancelled job.
inline Yield yield_now() noexcept { return Yield{}; }

}  // namespace tern
