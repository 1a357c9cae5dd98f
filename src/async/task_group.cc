#include "tern/async/task_group.h"

#include <exception>
#include <memory>
#include <utility>

#include "tern/async/loop.h"

namespace tern {

/// One spawned task; owned by the group's list, gone when the task has ended.
class TaskGroup::Member final : public Job, public ListNode<Member>, public Recycled {
 public:
  Member(TaskGroup& group, const Job* parent) : Job(group.loop_, parent), group_(group) {}

 private:
  void finished(std::exception_ptr error) override { group_.member_ended(*this, std::move(error)); }
  TaskGroup& group_;
};

TaskGroup::TaskGroup(const std::source_location& made_at)
    : loop_(Loop::require_current("a TaskGroup")), made_at_(made_at) {
  loop_.show(*this);
}

TaskGroup::~TaskGroup() {
  if constexpr (detail::kDebugBuild) {
    if (unjoined_ && !may_be_dropped_) detail::report_unjoined(made_at_, running_);
  }
  while (!members_.empty()) delete &members_.pop_front();
}

void TaskGroup::spawn(Task<void> task) {
  auto member = std::make_unique<Member>(*this, Job::current());
  if (cancelled_) member->cancel();
  member->start(std::move(task));
  members_.push_back(*member.release());
  ++running_;
  unjoined_ = true;
}

void TaskGroup::cancel() noexcept {
  cancelled_ = true;
  members_.for_each([](Member& member) { member.cancel(); });
}

void TaskGroup::member_ended(Member& member, std::exception_ptr error) noexcept {
  delete &member;
  --running_;
  if (error && !first_error_ && !(cancelled_ && is_cancelled(error))) {
    first_error_ = std::move(error);
    cancel();
  }
  if (running_ == 0 && joining_ != nullptr) joining_->wake();
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

}  // namespace tern
