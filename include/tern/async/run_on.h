// run_on: runs a task on another loop and waits for its result here. Objects that only that loop uses (its part of a
// cache, its connections) stay there.
//
//   int seats = co_await tern::run_on(loop, seats_left(show));
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "tern/api.h"
#include "tern/async/awaitable.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

/// Thrown by run_on() when the other loop has ended before the task did.
class TERN_API LoopEnded : public std::runtime_error {
 public:
  LoopEnded() : std::runtime_error("the loop has ended before the task that runs on it") {}
};

namespace detail {

/// Waits on this loop while a job runs the task on the other one.
class [[nodiscard]] TERN_API RemoteWait final : public Wait {
 public:
  RemoteWait(Loop& loop, Task<void> task);
  RemoteWait(const RemoteWait&) = delete;
  RemoteWait& operator=(const RemoteWait&) = delete;
  ~RemoteWait() override;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  /// Returns if the task has ended without an exception, though the job may have been cancelled.
  void await_resume() const;

 private:
  struct Remote;
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override;

  Loop& loop_;
  Task<void> task_;
  std::unique_ptr<Remote> remote_;
};

template <class T>
Task<void> store_remote(Task<T> task, std::shared_ptr<std::optional<NotVoid<T>>> result) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    result->emplace();
  } else {
    result->emplace(co_await std::move(task));
  }
}

}  // namespace detail

/// Begins with its await. The result of `task`, run on `loop` as a job of its own that inherits this one's context;
/// throws what it threw, or LoopEnded. `loop` must exist when this is awaited; it may end meanwhile. On its own loop
/// the task is simply awaited.
///
/// The task's frame, with its arguments and captures, is destroyed on `loop` before the result arrives here, or by the
/// thread that ends the loop. The result is moved to this loop. Cancelled, the job cancels the task and waits until it
/// has ended. If the waiting coroutine is destroyed instead, the task is destroyed soon
/// after, on its loop: it must own what it uses, or use what outlives both loops.
template <class T>
Task<T> run_on(Loop& loop, Task<T> task) {
  if (Loop::current() == &loop) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return;
    } else {
      co_return co_await std::move(task);
    }
  }
  auto result = std::make_shared<std::optional<detail::NotVoid<T>>>();
  detail::RemoteWait wait{loop, detail::store_remote(std::move(task), result)};
  co_await wait;
  if constexpr (!std::is_void_v<T>) co_return *std::move(*result);
}

}  // namespace tern
