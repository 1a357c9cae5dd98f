#include "call/interceptor_parts.h"

#include <array>
#include <cassert>
#include <coroutine>
#include <optional>
#include <string>
#include <utility>

#include "async/awaiter_names.h"
#include "tern/async/job.h"
#include "tern/async/loop.h"
#include "text/log.h"

// A part is a coroutine that the part around it awaits, usually in the same job. An interceptor may also await its
// next() in a job of its own: gather() and with_timeout() do so, and these end before the interceptor does. A task that
// an interceptor has given to somebody else may still run when the interceptor ends, and with it the call. Its part
// then uses a call that goes. So each running part is in a list, and when a part ends, those inside of it are destroyed
// where they stand; the task that awaited them gets a status.
namespace tern {

namespace {

constexpr std::array<AwaiterName, 1> kPartNames{{
    {"tern::InterceptorParts::Part", "the next interceptor"},
}};
const AwaiterNames kPartAwaiters{kPartNames};

Status abandoned() { return Status{StatusCode::kInternal, "the interceptor ended before its next() did"}; }

}  // namespace

/// Awaits a part, and is on the frame of run().
class InterceptorParts::Part final : public Wait, public ListNode<Part> {
 public:
  Part(InterceptorParts& parts, std::size_t index) : parts_(parts), index_(index) {
    assert(index_ == parts_.begun_ && !parts_.ending_);
    parts_.running_.push_back(*this);
    ++parts_.begun_;
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() override {
    body_.reset();  // with the parts inside of it that are on its frames
    ListNode<Part>::unlink();
    if (!abandoned_) parts_.part_ended(index_);
  }

  void hold(Task<Status> body) { body_.emplace(std::move(body).operator co_await()); }

  [[nodiscard]] bool await_ready() const noexcept { return body_->await_ready(); }
  template <HasJob Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    assert(body_.has_value() && !abandoned_);
    caller_ = caller;
    caller_job_ = caller.promise().job();
    return body_->await_suspend(caller);
  }
  Status await_resume() { return abandoned_ ? tern::abandoned() : body_->await_resume(); }

  [[nodiscard]] std::size_t index() const noexcept { return index_; }

  /// Destroys the body, which is suspended, and resumes the coroutine that awaits it.
  void abandon() noexcept {
    assert(!abandoned_ && caller_job_ != nullptr);
    ListNode<Part>::unlink();
    abandoned_ = true;
    body_.reset();
    suspend_to_the_end(caller_, *caller_job_);
    wake();
  }

 private:
  using Body = decltype(std::declval<Task<Status>>().operator co_await());

  InterceptorParts& parts_;
  std::size_t index_;
  std::optional<Body> body_;
  std::coroutine_handle<> caller_;
  Job* caller_job_ = nullptr;
  bool abandoned_ = false;
};

Task<Status> InterceptorParts::run(std::shared_ptr<InterceptorParts> parts, std::size_t index) {
  if (Loop::current() != &parts->loop_ || parts->ending_ || index < parts->begun_) co_return parts->reject(index);
  Status status;
  std::exception_ptr error;
  try {
    Part part{*parts, index};
    part.hold(parts->part(index));
    status = co_await part;
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return status;
  if (is_cancelled(error)) std::rethrow_exception(error);
  co_return parts->status_of(error);
}

Status InterceptorParts::reject(std::size_t index) {
  if (Loop::current() != &loop_) {
    Status elsewhere{StatusCode::kInternal, "an interceptor's next() was awaited on a loop that is not the call's"};
    log_error("call", "{}", elsewhere.details());
    return elsewhere;  // the rest is for the call's loop
  }
  Status status{StatusCode::kInternal, index < begun_
                                           ? "an interceptor called next() twice: it can be called once"
                                           : "an interceptor's next() was called after the interceptor had ended"};
  log_error("call", "{}: {}", over_ ? std::string_view{"a call that has ended"} : method(), status.details());
  if (mistake_.ok()) mistake_ = status;
  return status;
}

void InterceptorParts::part_ended(std::size_t index) noexcept {
  ending_ = true;
  assert(index < begun_);
  if (index == 0) over_ = true;
  while (Part* part = running_inside(index)) part->abandon();
}

InterceptorParts::Part* InterceptorParts::running_inside(std::size_t index) noexcept {
  Part* found = nullptr;
  running_.for_each([&](Part& part) {
    if (found == nullptr && part.index() > index) found = &part;
  });
  return found;
}

}  // namespace tern
