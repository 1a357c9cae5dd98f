// Waits for one task that runs as a job of its own: TimedWait (with_timeout and its like) and ShieldedWait (shield).
// Neither ends before its task does, since the task may use what the waiting coroutine owns.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/timer_queue.h"

namespace tern::detail {

/// The base of both: the task, its job, how it ended, and a timer.
class TERN_API InnerJobWait : public Wait, private Timer {
 public:
  InnerJobWait(const InnerJobWait&) = delete;
  InnerJobWait& operator=(const InnerJobWait&) = delete;
  [[nodiscard]] bool await_ready() const noexcept { return false; }

 protected:
  /// A `droppable` task (see Droppable) is destroyed when its time is up, if it waits then.
  explicit InnerJobWait(Task<void> task, bool droppable = false) noexcept
      : task_(std::move(task)), droppable_(droppable) {}
  ~InnerJobWait() override = default;

  /// Starts the task with this deadline; the coroutine is suspended already.
  void start(Job& parent, std::optional<Clock::time_point> deadline);
  void arm_at(Clock::time_point when);
  void cancel_task() noexcept { inner_->cancel(); }
  [[nodiscard]] bool expired_first() const noexcept { return expired_; }
  [[nodiscard]] bool dropped() const noexcept { return dropped_; }
  /// True once the task has ended without an exception.
  [[nodiscard]] bool succeeded() const noexcept { return ended_ && !error_; }
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

 private:
  class Inner final : public Job {
   public:
    Inner(InnerJobWait& wait, const Job& parent) noexcept : Job(parent.loop(), &parent), wait_(wait) {}

   private:
    void finished(std::exception_ptr error) override;
    InnerJobWait& wait_;
  };

  void expired() noexcept override;
  [[nodiscard]] const Job* inner_job() const noexcept override { return inner_ ? &*inner_ : nullptr; }
  [[nodiscard]] bool held_elsewhere() noexcept override { return inner_ && inner_->held_elsewhere(); }
  void orphan() noexcept override {
    if (inner_) inner_->orphan();
  }

  Task<void> task_;
  std::optional<Inner> inner_;
  std::exception_ptr error_;
  const bool droppable_;
  bool dropped_ = false;
  bool expired_ = false;
  bool ended_ = false;
};

/// Runs the task until a time, then cancels it.
class [[nodiscard]] TERN_API TimedWait final : public InnerJobWait {
 public:
  TimedWait(Clock::time_point when, Task<void> task, bool droppable) noexcept
      : InnerJobWait(std::move(task), droppable), when_(when) {}

  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  /// True if the task has ended with a result, even when its job or the caller's was cancelled at the last moment.
  /// False if it was cancelled because it was late. Throws what the task threw, or Cancelled in a cancelled job.
  [[nodiscard]] bool await_resume() const;

 private:
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override { cancel_task(); }
  Clock::time_point when_;
};

/// Runs the task to its end, also in a cancelled job. `limit` counts from the cancellation.
class [[nodiscard]] TERN_API ShieldedWait final : public InnerJobWait {
 public:
  ShieldedWait(std::optional<Clock::duration> limit, Task<void> task) noexcept
      : InnerJobWait(std::move(task)), limit_(limit) {}

  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  /// Returns if the task has ended; throws what it threw, or Cancelled if the limit has cancelled it.
  void await_resume() const;

 private:
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override;
  std::optional<Clock::duration> limit_;
};

}  // namespace tern::detail
