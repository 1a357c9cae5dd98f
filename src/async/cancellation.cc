#include "tern/async/cancellation.h"

#include <exception>
#include <stdexcept>
#include <utility>

#include "async/error_text.h"
#include "text/log.h"

namespace tern {

bool cancellation_requested() noexcept {
  const Job* job = Job::current();
  return job != nullptr && job->cancelled();
}

OnCancel::OnCancel(std::function<void()> callback) : callback_(std::move(callback)) {
  Job* job = Job::current();
  if (job == nullptr) {
    throw std::logic_error("an OnCancel guard belongs to a task: make it inside of a coroutine that tern runs");
  }
  if (job->cancelled()) {
    run();
    return;
  }
  link_ = &job->on_cancel_;
  next_ = std::exchange(job->on_cancel_, this);
  if (next_ != nullptr) next_->link_ = &next_;
}

void OnCancel::unlink() noexcept {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  link_ = nullptr;
  next_ = nullptr;
}

void OnCancel::call(Job& job) noexcept {
  while (job.on_cancel_ != nullptr) {
    OnCancel& guard = *job.on_cancel_;
    guard.unlink();
    guard.run();
  }
}

void OnCancel::forget(Job& job) noexcept {
  while (job.on_cancel_ != nullptr) job.on_cancel_->unlink();
}

void OnCancel::run() noexcept {
  try {
    // The function may destroy its guard.
    const std::function<void()> callback = std::move(callback_);
    callback();
  } catch (...) {
    log_error("async", "the function of an OnCancel guard threw an exception, which is ignored: {}",
              error_text(std::current_exception()));
  }
}

}  // namespace tern
