// A TaskGroup's member: the job of a spawned task, with its result. The group holds it while it runs and the user's
// TaskGroup::Member as long as that lives, so it counts its holders. All of them are on one loop.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/async/awaitable.h"
#include "tern/async/cancellation.h"
#include "tern/async/job.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/recycler.h"

namespace tern {

class TaskGroup;

namespace detail {

class MemberWait;

class TERN_API GroupMember : public Job, public ListNode<GroupMember>, public Recycled {
 public:
  explicit GroupMember(Loop& loop) noexcept : Job(loop, Job::current()) {}

  /// Cancels the task. The group does not count the exception that it then throws.
  void cancel_alone() noexcept;
  [[nodiscard]] bool ended() const noexcept { return done() || abandoned_; }
  /// Throws what the task threw, TaskCancelled, or std::logic_error when it has not ended.
  void check_ended() const;

 private:
  friend class tern::TaskGroup;
  friend class MemberWait;
  template <class State>
  friend class MemberRef;

  void finished(std::exception_ptr error) override;
  /// The group goes: the body is destroyed where it stands, and nobody gets a result.
  void abandon() noexcept;
  void let_go() noexcept {
    if (--holders_ == 0) delete this;
  }

  TaskGroup* group_ = nullptr;  // while it runs
  int holders_ = 0;
  bool cancelled_alone_ = false;
  bool abandoned_ = false;
  std::exception_ptr error_;
  IntrusiveList<MemberWait> waiting_;
};

template <class T>
class GroupMemberOf final : public GroupMember {
 public:
  using GroupMember::GroupMember;
  ~GroupMemberOf() override { destroy_body(); }  // which writes `result`
  std::optional<NotVoid<T>> result;
};

/// Holds a member.
template <class State>
class MemberRef {
 public:
  explicit MemberRef(State* state) noexcept : state_(state) { ++state_->holders_; }
  MemberRef(MemberRef&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  MemberRef& operator=(MemberRef&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~MemberRef() {
    if (state_ != nullptr) state_->let_go();
  }
  State& operator*() const noexcept { return *state_; }
  State* operator->() const noexcept { return state_; }

 private:
  State* state_;
};

/// Waits for one member's end.
class TERN_API MemberWait : public Wait, public ListNode<MemberWait> {
 public:
  explicit MemberWait(GroupMember& member) noexcept : member_(member) {}
  /// Throws std::logic_error in the member itself.
  [[nodiscard]] bool await_ready() const;
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }

 private:
  void begin(std::coroutine_handle<> caller, Job& job);
  GroupMember& member_;
};

}  // namespace detail

}  // namespace tern
