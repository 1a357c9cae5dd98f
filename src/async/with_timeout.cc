#include "tern/async/with_timeout.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "tern/async/loop.h"

namespace tern::detail {

namespace {

/// Runs a task as a job of its own, against the clock.
class [[nodiscard]] TimedWait final : public Wait, private Timer {
 public:
  TimedWait(Clock::time_point when, Task<void> task) : when_(when), task_(std::move(task)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    Job& job = *caller.promise().job();
    if (!begin_wait(caller, job)) return;
    inner_.emplace(*this, job);
    inner_->deadline = std::min(when_, job.deadline.value_or(when_));
    inner_->start(std::move(task_));
    job.loop().arm(*this, when_);
  }

  void await_resume() {
    resumed();
    if (!error_) return;
    if (expired_ && is_cancelled(error_)) throw TimedOut{};
    std::rethrow_exception(error_);
  }

 private:
  class Inner final : public Job {
   public:
    Inner(TimedWait& wait, const Job& parent) : Job(parent.loop(), &parent), wait_(wait) {}

   private:
    void finished(std::exception_ptr error) override {
      wait_.error_ = std::move(error);
      wait_.disarm();
      wait_.wake();
    }
    TimedWait& wait_;
  };

  void expired() noexcept override {
    expired_ = true;
    inner_->cancel();
  }
  [[nodiscard]] const Job* inner_job() const noexcept override { return inner_ ? &*inner_ : nullptr; }
  // The inner task is waited for: it has the caller's locals.
  void cancel() noexcept override { inner_->cancel(); }

  Clock::time_point when_;
  Task<void> task_;
  std::optional<Inner> inner_;
  std::exception_ptr error_;
  bool expired_ = false;
};

}  // namespace

Task<void> run_until(Clock::time_point when, Task<void> task) {
  TimedWait wait{when, std::move(task)};
  co_await wait;
}

}  // namespace tern::detail
