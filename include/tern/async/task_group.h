// TaskGroup: tasks that run beside each other and end together. The first that fails cancels the others; join() waits
// for all and throws that first exception. (Python 3.11's asyncio.TaskGroup.)
//
//   tern::TaskGroup group;
//   auto user = group.spawn(fetch(1));       // any Awaitable
//   auto clock = group.spawn(tick());
//   show(co_await user);                     // one member's result, as soon as it is there
//   clock.cancel();                          // one member alone
//   co_await group.join();
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "tern/api.h"
#include "tern/async/awaitable.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/group_member.h"

namespace tern {

/// Lives on one loop, inside a coroutine. Destroyed with members still running, it destroys them where they stand, as
/// an exception that passes by would: no task outlives its group. Used on another loop, after join(), or with a Task
/// that was awaited before, it throws std::logic_error.
///
/// A member inherits the context (deadline and name) of the job that calls spawn(). The job that awaits join() hands
/// its cancellation down to all members; before join(), cancelling that job does not reach them.
class TERN_API TaskGroup : public ListNode<TaskGroup> {
 public:
  template <class T>
  class Member;

  /// Throws std::logic_error outside of a loop. Builds with TERN_DEBUG log a group that is never joined, with
  /// `made_at`.
  explicit TaskGroup(const std::source_location& made_at = std::source_location::current());
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  /// Logs the exception of a member that nobody has seen, where the group's scope is left without join().
  ~TaskGroup();

  /// Begins at the call: starts `awaitable` in the loop's present turn, as a job of its own. The returned Member may be
  /// dropped: the group keeps the task.
  template <Awaitable A>
  Member<AwaitResult<A>> spawn(A awaitable);

  /// Cancels every running member; those spawned later are cancelled before they begin.
  void cancel() noexcept;

  /// The destructor ends the members on purpose, in place of join(): builds with TERN_DEBUG do not log it.
  void may_be_dropped() noexcept { may_be_dropped_ = true; }

  /// Members that have not ended yet.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  /// Members that have thrown, the one whose exception join() throws among them. Cancelled members are not counted.
  [[nodiscard]] std::size_t failed() const noexcept { return failed_; }

  class [[nodiscard]] Join;
  /// Waits until all have ended, then throws the first exception that one of them threw, if any. When the waiting job
  /// is cancelled, the members are cancelled, and Cancelled is thrown once all have ended. Awaited once, and not by a
  /// member; otherwise throws std::logic_error.
  Join join() noexcept;

 private:
  friend class detail::GroupMember;
  template <class Folder>
  friend struct DebugLayout;
  void start(detail::GroupMember& member, Task<void> body);
  void member_ended(detail::GroupMember& member, const std::exception_ptr& error) noexcept;

  Loop& loop_;
  const Job* owner_;  // compared only: the job may have ended
  IntrusiveList<detail::GroupMember> members_;
  std::size_t running_ = 0;
  std::size_t failed_ = 0;
  bool cancelled_ = false;
  enum class Joining : unsigned char { kNot, kWaiting, kDone } state_ = Joining::kNot;
  std::exception_ptr first_error_;
  Join* joining_ = nullptr;
  std::source_location made_at_;
  bool may_be_dropped_ = false;
  bool unjoined_ = false;  // a task was spawned since the last join()
};

/// One spawned task. Holds its result until dropped; outlives the group if need be.
template <class T>
class TaskGroup::Member {
 public:
  Member(Member&& other) noexcept = default;
  Member& operator=(Member&& other) noexcept = default;

  /// Cancels this member alone; the group does not count that as a failure. Nothing when it has ended.
  void cancel() noexcept { record_->cancel_alone(); }

  [[nodiscard]] bool done() const noexcept { return record_->ended(); }

  /// The result; throws what the task threw, TaskCancelled if it was cancelled before it had a result, and
  /// std::logic_error if it has not ended.
  std::add_lvalue_reference_t<T> result() {
    record_->check_ended();
    if constexpr (!std::is_void_v<T>) return *record_->result;
  }

  /// Waits until this member has ended; as result(). When the waiting job is cancelled, the member is not: it belongs
  /// to the group.
  auto operator co_await() & noexcept { return Awaiting{*record_}; }

 private:
  friend class TaskGroup;
  using Record = detail::GroupMemberOf<T>;

  class [[nodiscard]] Awaiting final : public detail::MemberWait {
   public:
    explicit Awaiting(Record& record) noexcept : MemberWait(record), record_(record) {}
    std::add_lvalue_reference_t<T> await_resume() {
      if (!record_.ended()) resumed();
      record_.check_ended();
      if constexpr (!std::is_void_v<T>) return *record_.result;
    }

   private:
    Record& record_;
  };

  explicit Member(detail::MemberRef<Record> record) noexcept : record_(std::move(record)) {}
  detail::MemberRef<Record> record_;
};

template <Awaitable A>
TaskGroup::Member<AwaitResult<A>> TaskGroup::spawn(A awaitable) {
  using T = AwaitResult<A>;
  detail::MemberRef<detail::GroupMemberOf<T>> member{new detail::GroupMemberOf<T>{loop_}};
  if constexpr (std::is_same_v<A, Task<void>>) {
    start(*member, std::move(awaitable));
  } else {
    start(*member, detail::store_awaited(std::move(awaitable), member->result));
  }
  return Member<T>{std::move(member)};
}

class TaskGroup::Join final : public Wait {
 public:
  explicit Join(TaskGroup& group) noexcept : group_(group) {}
  Join(Join&& other) noexcept = default;
  Join& operator=(Join&&) = delete;
  ~Join() override {
    if (group_.joining_ == this) group_.joining_ = nullptr;
  }

  [[nodiscard]] bool await_ready();
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  void await_resume();

 private:
  friend class TaskGroup;
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override { group_.cancel(); }
  [[nodiscard]] bool held_elsewhere() noexcept override;
  void orphan() noexcept override;
  TaskGroup& group_;
};

inline TaskGroup::Join TaskGroup::join() noexcept {
  unjoined_ = false;
  return Join{*this};
}

}  // namespace tern
