// TaskGroup: tasks that run beside each other and end together. The first that fails cancels the others; join() waits
// for all and throws that first exception. (Python 3.11's asyncio.TaskGroup.)
//
//   tern::TaskGroup group;
//   group.spawn(fetch(1));
//   group.spawn(fetch(2));
//   co_await group.join();
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <source_location>

#include "tern/async/job.h"
#include "tern/async/task.h"

namespace tern {

/// Lives on one loop, inside a coroutine. Destroyed with tasks still running, it destroys them where they stand, as an
/// exception that passes by would: no task outlives its group.
class TaskGroup : public ListNode<TaskGroup> {
 public:
  /// Throws std::logic_error outside of a loop. Builds with TERN_DEBUG log a group that is never joined, with
  /// `made_at`.
  explicit TaskGroup(const std::source_location& made_at = std::source_location::current());
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Starts `task` in the loop's present turn, as a job of its own that inherits the deadline of the one that runs now.
  void spawn(Task<void> task);

  /// Cancels every running task; those spawned later are cancelled before they begin.
  void cancel() noexcept;

  /// The destructor ends the tasks on purpose, in place of join(): builds with TERN_DEBUG do not log it.
  void may_be_dropped() noexcept { may_be_dropped_ = true; }

  /// Tasks that have not ended yet.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

  class [[nodiscard]] Join;
  /// Waits until all have ended, then throws the first exception that one of them threw, if any. When the waiting job
  /// is cancelled, the tasks are cancelled, and Cancelled is thrown once all have ended.
  Join join() noexcept;

 private:
  template <class Folder>
  friend struct DebugLayout;
  class Member;
  void member_ended(Member& member, std::exception_ptr error) noexcept;

  Loop& loop_;
  IntrusiveList<Member> members_;
  std::size_t running_ = 0;
  bool cancelled_ = false;
  std::exception_ptr first_error_;
  Join* joining_ = nullptr;
  std::source_location made_at_;
  bool may_be_dropped_ = false;
  bool unjoined_ = false;  // a task was spawned since the last join()
};

class TaskGroup::Join : public Wait {
 public:
  explicit Join(TaskGroup& group) noexcept : group_(group) {}
  ~Join() override { group_.joining_ = nullptr; }

  [[nodiscard]] bool await_ready() const noexcept { return group_.running_ == 0; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  void await_resume();

 private:
  friend class TaskGroup;
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override { group_.cancel(); }
  TaskGroup& group_;
};

inline TaskGroup::Join TaskGroup::join() noexcept {
  unjoined_ = false;
  return Join{*this};
}

}  // namespace tern
