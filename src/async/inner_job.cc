#include "tern/detail/inner_job.h"

#include <algorithm>

#include "tern/async/loop.h"

namespace tern::detail {

void InnerJobWait::start(Job& parent, std::optional<Clock::time_point> deadline) {
  if (!task_) throw_no_task();
  inner_.emplace(*this, parent);
  inner_->inherited.deadline = deadline;
  inner_->start(std::move(task_));
}

void InnerJobWait::arm_at(Clock::time_point when) { inner_->loop().arm(*this, when); }

void InnerJobWait::expired() noexcept {
  expired_ = true;
  if (!droppable_ || inner_->innermost() == nullptr) return inner_->cancel();
  inner_.reset();
  dropped_ = true;
  wake();
}

void InnerJobWait::Inner::finished(std::exception_ptr error) {
  wait_.error_ = std::move(error);
  wait_.ended_ = true;
  wait_.disarm();
  wait_.wake();
}

void TimedWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  start(job, std::min(when_, job.inherited.deadline.value_or(when_)));
  arm_at(when_);
}

bool TimedWait::await_resume() const {
  if (succeeded()) return true;
  resumed();
  if (dropped() || (expired_first() && is_cancelled(error()))) return false;
  std::rethrow_exception(error());
}

// The job's deadline is not handed down: it may be what has passed.
void ShieldedWait::begin(std::coroutine_handle<> caller, Job& job) {
  suspend_to_the_end(caller, job);
  if (job.cancelled() && limit_) {
    const Clock::time_point when = Clock::now() + *limit_;
    start(job, when);
    arm_at(when);
  } else {
    start(job, std::nullopt);
  }
}

void ShieldedWait::cancel() noexcept {
  if (limit_) arm_at(Clock::now() + *limit_);
}

void ShieldedWait::await_resume() const {
  if (succeeded()) return;
  if (expired_first()) resumed();
  std::rethrow_exception(error());
}

}  // namespace tern::detail
