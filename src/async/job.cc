#include "tern/async/job.h"

#include <cassert>
#include <exception>
#include <stdexcept>
#include <utility>

#include "tern/async/async_generator.h"
#include "tern/async/cancellation.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/detail/resume.h"
#include "text/log.h"

namespace tern {

namespace {

constinit thread_local Job* current_job = nullptr;

// Resumes a coroutine as code of `job`.
void resume_in(Job* job, std::coroutine_handle<> coroutine) {
  Job* outer = std::exchange(current_job, job);
  detail::resume_flat(coroutine);
  current_job = outer;
}

}  // namespace

void detail::throw_no_task() {
  throw std::logic_error(
      "this Task was awaited before or moved from: a Task runs once, so call its function again for another one");
}

void detail::throw_two_nexts() {
  throw std::logic_error(
      "next() of an AsyncGenerator while another next() waits: let one coroutine read, or the generator's own body ask "
      "another generator");
}

bool is_cancelled(const std::exception_ptr& error) noexcept {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
  return false;
}

Wait::~Wait() {
  if (state_ != State::kWaiting) return;
  assert(job_->innermost_ == this);
  job_->innermost_ = nullptr;
}

bool Wait::begin_wait(std::coroutine_handle<> waiter, Job& job) noexcept {
  if (!job.cancelled_) {
    suspend_to_the_end(waiter, job);
    return true;
  }
  job_ = &job;
  waiter_ = waiter;
  state_ = State::kWoken;
  job.make_ready(*this);
  return false;
}

void Wait::suspend_to_the_end(std::coroutine_handle<> waiter, Job& job) noexcept {
  job_ = &job;
  waiter_ = waiter;
  assert(job.innermost_ == nullptr && !job.done_);
  state_ = State::kWaiting;
  job.innermost_ = this;
}

void Wait::wake() noexcept {
  if (state_ != State::kWaiting) return;
  assert(job_->innermost_ == this);
  state_ = State::kWoken;
  job_->innermost_ = nullptr;
  job_->make_ready(*this);
}

void Wait::run() { resume_in(job_, waiter_); }

void Wait::resumed() const {
  if (job_ != nullptr && job_->cancelled()) throw Cancelled{};
}

Job::Job(Loop& loop, const Job* parent) noexcept : loop_(&loop) {
  if (parent != nullptr) inherited = parent->inherited;
}

Job::~Job() {
  destroy_body();
  if (on_cancel_ != nullptr) OnCancel::forget(*this);
}

void Job::abandon_body() noexcept {
  step_.unlink();
  destroy_body();
}

void Job::destroy_body() noexcept {
  if (body_) std::exchange(body_, nullptr).destroy();
}

Job* Job::current() noexcept { return current_job; }

void Job::hold(Task<void> body) noexcept {
  assert(!body_);
  const Task<void>::Frame frame = body.release();
  frame.promise().job_ = this;
  body_ = frame;
}

void Job::start(Task<void> body) {
  if (!body) detail::throw_no_task();
  hold(std::move(body));
  loop_->make_ready(step_);
}

Task<void> Job::before(Task<void> body) { return body; }

void Job::cancel() noexcept {
  if (std::exchange(cancelled_, true)) return;
  if (on_cancel_ != nullptr) OnCancel::call(*this);
  if (innermost_ != nullptr) innermost_->cancel();
}

// A handler that catches Cancelled in a loop would otherwise never leave its thread to others: each of its awaits
// throws.
void Job::make_ready(Wait& wait) noexcept {
  if (!cancelled_) return loop_->make_ready(wait);
  if (cancelled_awaits_ < kMostPromptCancellations) {
    ++cancelled_awaits_;
    return loop_->make_ready(wait);
  }
  assert(cancelled_awaits_ <= kMostPromptCancellations + 1);
  if (cancelled_awaits_ == kMostPromptCancellations) {
    ++cancelled_awaits_;
    log_warning("async", "{}: cancelled, it has caught Cancelled {} times and awaits on: throw it again",
                inherited.name != nullptr ? inherited.name : "a task", kMostPromptCancellations);
  }
  loop_->make_ready_after_pause(wait);
}

void Job::body_ended() noexcept {
  assert(body_ && !ended_ && innermost_ == nullptr);
  ended_ = true;
  loop_->make_ready(step_);
}

void Job::step() {
  assert(body_ && !done_);
  std::exception_ptr error;
  if (ended_) {
    error = Task<void>::Frame::from_address(body_.address()).promise().take_error();
  } else if (!cancelled_) {
    const auto frame = Task<void>::Frame::from_address(std::exchange(body_, nullptr).address());
    hold(before(Task<void>{frame}));
    resume_in(this, body_);
    return;
  } else {
    error = std::make_exception_ptr(Cancelled{});
  }
  destroy_body();
  done_ = true;
  finished(std::move(error));
}

}  // namespace tern
