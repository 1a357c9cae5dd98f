// Branches: awaitables that run beside each other, each as a job of its own, while one coroutine waits until all have
// ended: the untyped half of gather(), gather_results(), when_any() and first_success().
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/intrusive_list.h"

namespace tern::detail {

/// A member of the combinator's frame, behind the results that the branches write. Destroyed while branches run, it
/// destroys them where they stand.
class [[nodiscard]] TERN_API Branches final : public Wait {
 public:
  /// The event after which the other branches are cancelled. The wait always goes on until all have ended.
  enum class CancelAfter { kNothing, kFailure, kFirst, kSuccess };

  explicit Branches(CancelAfter rule) noexcept : rule_(rule) {}
  Branches(const Branches&) = delete;
  Branches& operator=(const Branches&) = delete;
  ~Branches() override;

  /// Adds a branch of the job that runs now, whose context it inherits. Before the await. A `droppable` one
  /// (see Droppable) is destroyed where others are cancelled, if it waits then.
  void add(Task<void> body, bool droppable = false);

  [[nodiscard]] bool await_ready() const noexcept { return branches_.empty(); }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  /// Returns if the combinator has its result, even when its job was cancelled at the last moment: the result is not
  /// lost, and the next await throws. Else throws Cancelled in a cancelled job, or the first exception of a branch.
  void await_resume() const;

  /// The branch that ended first (kFirst) or succeeded first (kSuccess); in the order of add(), from 0.
  [[nodiscard]] std::size_t winner() const noexcept { return winner_; }

 private:
  class Branch;
  void begin(std::coroutine_handle<> caller, Job& job);
  void ended(Branch& branch, std::exception_ptr error) noexcept;
  void note(std::size_t index, std::exception_ptr error) noexcept;
  void cancel_all() noexcept;
  [[nodiscard]] bool has_result() const noexcept;
  void cancel() noexcept override;
  [[nodiscard]] bool held_elsewhere() noexcept override;
  void orphan() noexcept override;

  CancelAfter rule_;
  IntrusiveList<Branch> branches_;
  std::size_t count_ = 0;
  std::size_t winner_ = 0;
  std::exception_ptr error_;
  bool started_ = false;
  bool cancelling_ = false;
  bool won_ = false;
  bool lacks_one_ = false;  // a branch that has failed or was cancelled
};

}  // namespace tern::detail
