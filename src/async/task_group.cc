#include "tern/async/task_group.h"

#include <exception>
#include <stdexcept>
#include <utility>

#include "async/error_text.h"
#include "tern/async/loop.h"
#include "tern/detail/debug_build.h"
#include "text/log.h"

namespace tern {

namespace detail {

void GroupMember::cancel_alone() noexcept {
  cancelled_alone_ = true;
  cancel();
}

void GroupMember::check_ended() const {
  if (abandoned_) throw TaskCancelled{};
  if (!done()) {
    throw std::logic_error("this member of a TaskGroup has no result yet: co_await the member, or group.join() first");
  }
  if (!error_) return;
  if (cancelled() && is_cancelled(error_)) throw TaskCancelled{};
  std::rethrow_exception(error_);
}

void GroupMember::finished(std::exception_ptr error) {
  error_ = std::move(error);
  while (!waiting_.empty()) waiting_.pop_front().wake();
  group_->member_ended(*this, error_);
}

void GroupMember::abandon() noexcept {
  group_ = nullptr;
  abandoned_ = true;
  abandon_body();
  while (!waiting_.empty()) waiting_.pop_front().wake();
  let_go();
}

bool MemberWait::await_ready() const {
  if (Job::current() == &member_) {
    throw std::logic_error("a member of a TaskGroup that awaits itself would never end");
  }
  return member_.ended();
}

void MemberWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (begin_wait(caller, job)) member_.waiting_.push_back(*this);
}

}  // namespace detail

TaskGroup::TaskGroup(const std::source_location& made_at)
    : loop_(Loop::require_current("a TaskGroup")), owner_(Job::current()), made_at_(made_at) {
  loop_.show(*this);
}

TaskGroup::~TaskGroup() {
  if constexpr (detail::kDebugBuild) {
    if (unjoined_ && !may_be_dropped_) detail::report_unjoined(made_at_, running_);
  }
  // Left by an exception, or destroyed from outside, a scope cannot be expected to have joined.
  if (first_error_ && state_ == Joining::kNot && owner_ != nullptr && Job::current() == owner_ &&
      std::uncaught_exceptions() == 0) {
    log_warning("async", "a TaskGroup was left without join(), which would have thrown what a member threw: {}",
                error_text(first_error_));
  }
  while (!members_.empty()) members_.pop_front().abandon();
}

void TaskGroup::start(detail::GroupMember& member, Task<void> body) {
  if (state_ == Joining::kDone) {
    throw std::logic_error("spawn() of a TaskGroup after join(): nobody would wait for the task; use another group");
  }
  if (Loop::current() != &loop_) {
    throw std::logic_error("spawn() on another loop than the TaskGroup's: use tern::run_on() to run tasks there");
  }
  if (cancelled_) member.cancel();
  member.Job::start(std::move(body));
  member.group_ = this;
  ++member.holders_;
  members_.push_back(member);
  ++running_;
  unjoined_ = true;
}

void TaskGroup::cancel() noexcept {
  cancelled_ = true;
  members_.for_each([](detail::GroupMember& member) { member.cancel(); });
}

void TaskGroup::member_ended(detail::GroupMember& member, const std::exception_ptr& error) noexcept {
  member.unlink();
  member.group_ = nullptr;
  --running_;
  if (error && !((cancelled_ || member.cancelled_alone_) && is_cancelled(error))) {
    ++failed_;
    if (!first_error_) {
      first_error_ = error;
      cancel();
    }
  }
  member.let_go();
  if (running_ == 0 && joining_ != nullptr) {
    state_ = Joining::kDone;
    joining_->wake();
  }
}

bool TaskGroup::Join::await_ready() {
  if (const auto* member = dynamic_cast<const detail::GroupMember*>(Job::current());
      member != nullptr && member->group_ == &group_) {
    throw std::logic_error("join() of a TaskGroup in one of its own members would wait for itself for ever");
  }
  if (group_.state_ != Joining::kNot) {
    throw std::logic_error("join() of a TaskGroup that was joined before: join it once, after the last spawn()");
  }
  if (Loop::current() != &group_.loop_) {
    throw std::logic_error("join() on another loop than the TaskGroup's: join it in the coroutine that made it");
  }
  group_.state_ = group_.running_ == 0 ? Joining::kDone : Joining::kWaiting;
  return group_.running_ == 0;
}

void TaskGroup::Join::begin(std::coroutine_handle<> caller, Job& job) {
  if (job.cancelled()) group_.cancel();
  suspend_to_the_end(caller, job);
  group_.joining_ = this;
}

void TaskGroup::Join::await_resume() {
  resumed();
  if (group_.first_error_) std::rethrow_exception(std::exchange(group_.first_error_, nullptr));
}

bool TaskGroup::Join::held_elsewhere() noexcept {
  bool held = false;
  group_.members_.for_each([&held](const detail::GroupMember& member) { held = member.held_elsewhere() || held; });
  return held;
}

void TaskGroup::Join::orphan() noexcept {
  group_.members_.for_each([](detail::GroupMember& member) { member.orphan(); });
}

}  // namespace tern
