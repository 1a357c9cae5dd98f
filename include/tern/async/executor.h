// Executor: a pool of threads for what would block a loop: CPU work, a blocking library. run_in_executor(f) waits for
// f() on such a thread, as asyncio's loop.run_in_executor does.
//
//   Digest digest = co_await tern::run_in_executor([&] { return hash(data); });
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

/// Returns the number of the machine's cores, 1 at least: for RunOptions::threads and Executor.
[[nodiscard]] TERN_API std::size_t core_count() noexcept;

/// Work is done in the order it came. All of it may be used from any thread.
class TERN_API Executor {
  struct Pool;

 public:
  /// `threads` of them, started now: core_count() for work that computes, more for work that waits. Throws
  /// std::invalid_argument for 0.
  explicit Executor(std::size_t threads);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  /// Waits until all submitted work has been done.
  ~Executor();

  [[nodiscard]] std::size_t threads() const noexcept;

  /// A piece of work; not owned by the executor, and not to be destroyed between submit() and its end.
  class Work : public ListNode<Work> {
   public:
    virtual void work() noexcept = 0;

   protected:
    ~Work() = default;

   private:
    friend class Executor;
    friend struct Executor::Pool;
    detail::TestClock* counted_by_ = nullptr;
  };

  void submit(Work& work);
  /// Takes back work that has not begun; false when it has.
  bool withdraw(Work& work);

  /// Blocks until all submitted work has been done; false when it has not by then.
  bool wait_until_idle(Clock::time_point limit);

 private:
  std::unique_ptr<Pool> pool_;
};

namespace detail {

/// The untyped half of run_in_executor: what ties a piece of work to the coroutine that waits for it.
class TERN_API ExecutorWait : public Wait {
 public:
  ExecutorWait& operator=(ExecutorWait&&) = delete;

 protected:
  explicit ExecutorWait(Executor* executor) noexcept : executor_(executor) {}
  ExecutorWait(ExecutorWait&& other) noexcept = default;
  ~ExecutorWait() override = default;
  void begin(std::coroutine_handle<> caller, Job& job);
  virtual void call() noexcept = 0;
  /// Asks the function to return soon, while it runs; on the loop.
  virtual void request_stop() noexcept {}
  /// Takes the work back or waits for its end; by the most derived destructor, while there still is something to call.
  void abandon() noexcept;

 private:
  struct Running;
  void cancel() noexcept override;
  [[nodiscard]] bool held_elsewhere() noexcept override;
  void orphan() noexcept override;

  Executor* executor_;
  std::shared_ptr<Running> running_;
};

/// A function that asks whether its result is still wanted.
template <class Function>
concept Stoppable = std::is_invocable_v<Function&, std::stop_token>;

struct NoStop {};

template <class Function>
class [[nodiscard]] ExecutorCall final : public ExecutorWait {
  static constexpr bool kStoppable = Stoppable<Function>;

 public:
  // NOLINTNEXTLINE(modernize-type-traits): the branch that is not taken may have no type
  using Result = typename std::conditional_t<kStoppable, std::invoke_result<Function&, std::stop_token>,
                                             std::invoke_result<Function&>>::type;
  ExecutorCall(Executor* executor, Function function) : ExecutorWait(executor), function_(std::move(function)) {}
  ExecutorCall(ExecutorCall&& other) noexcept = default;
  ExecutorCall& operator=(ExecutorCall&&) = delete;
  ~ExecutorCall() override { abandon(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  Result await_resume() {
    // What was done is delivered even when the job was cancelled meanwhile; the next await throws.
    if (error_) std::rethrow_exception(error_);
    if (!result_) resumed();
    if constexpr (!std::is_void_v<Result>) return *std::move(result_);
  }

 private:
  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<Result>) {
        invoke();
        result_.emplace();
      } else {
        result_.emplace(invoke());
      }
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  Result invoke() {
    if constexpr (kStoppable) {
      return function_(stop_.get_token());
    } else {
      return function_();
    }
  }
  void request_stop() noexcept override {
    if constexpr (kStoppable) stop_.request_stop();
  }

  Function function_;
  [[no_unique_address]] std::conditional_t<kStoppable, std::stop_source, NoStop> stop_;
  std::optional<std::conditional_t<std::is_void_v<Result>, std::monostate, Result>> result_;
  std::exception_ptr error_;
};

}  // namespace detail

/// An Awaitable: the result of function(), run on a thread of `executor`; throws what it threw. The function is handed
/// to the executor by the await.
/// Cancelled before its turn came, it is not run and the await throws Cancelled. Once it runs it is waited for,
/// whatever happens (it may use the caller's locals): destroying the waiting coroutine blocks until the function
/// returns. A function that takes a std::stop_token is asked through it to return soon when its job is cancelled or the
/// coroutine destroyed; what it returns is delivered all the same.
///
///   co_await tern::run_in_executor([&](std::stop_token stop) { while (!stop.stop_requested() && step()) {} });
template <class Function>
auto run_in_executor(Executor& executor, Function function) {
  return detail::ExecutorCall<Function>{&executor, std::move(function)};
}

/// The same on the loop's default pool, one thread for each core.
template <class Function>
  requires std::is_invocable_v<Function&> || detail::Stoppable<Function>
auto run_in_executor(Function function) {
  return detail::ExecutorCall<Function>{nullptr, std::move(function)};
}

}  // namespace tern
