// co_await Yield{}: lets the loop's other coroutines run first. For what fails without waiting: a program that tries
// again in a loop must not keep the event loop from its sockets and timers.
#pragma once

#include <coroutine>

#include "tern/async/job.h"
#include "tern/async/task.h"

namespace tern {

class [[nodiscard]] Yield final : public Wait {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    if (begin_wait(caller, *caller.promise().job())) wake();
  }
  void await_resume() const { resumed(); }
};

}  // namespace tern
