// The last waiter that is cancelled cancels the run and stays until it has ended, since the run may use what that
// waiter owns. A waiter that comes meanwhile waits too, and gets TaskCancelled.
#include "tern/async/shared_task.h"

#include <stdexcept>
#include <utility>

#include "tern/async/cancellation.h"
#include "tern/async/loop.h"

namespace tern::detail {

void SharedRun::Run::finished(std::exception_ptr error) {
  shared_.ended_ = true;
  shared_.error_ = std::move(error);
  while (!shared_.waiting_.empty()) shared_.waiting_.pop_front().wake();
}

bool SharedRun::Wait::await_ready() const {
  if (run_ == nullptr) throw std::logic_error("this SharedTask is empty: it was moved from, or made without share()");
  if (run_->job_) {
    if (Loop::current() != &run_->job_->loop()) {
      throw std::logic_error("a SharedTask belongs to the loop that awaited it first: share it on each loop by itself");
    }
    if (Job::current() == &*run_->job_) throw std::logic_error("a SharedTask that awaits itself would never end");
  }
  return run_->ended_;
}

void SharedRun::Wait::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  SharedRun& run = *run_;
  run.waiting_.push_back(*this);
  ++run.waiters_;
  counted_ = true;
  if (run.job_) return;
  run.job_.emplace(run, job);
  run.job_->start(std::move(run.body_));
}

void SharedRun::Wait::cancel() noexcept {
  if (run_->waiters_ > 1) {
    ListNode<Wait>::unlink();
    leave();
    return wake();
  }
  leave();  // and stays in the list, for the end
}

void SharedRun::Wait::leave() noexcept {
  counted_ = false;
  if (--run_->waiters_ == 0 && !run_->ended_) run_->job_->cancel();
}

void SharedRun::Wait::check() {
  if (counted_) leave();
  resumed();
  if (!run_->error_) return;
  if (run_->cancelled() && is_cancelled(run_->error_)) throw TaskCancelled{};
  std::rethrow_exception(run_->error_);
}

bool SharedRun::Wait::held_elsewhere() noexcept { return run_->waiters_ == 1 && run_->job_->held_elsewhere(); }

void SharedRun::Wait::orphan() noexcept {
  if (run_->waiters_ == 1) run_->job_->orphan();
}

}  // namespace tern::detail
