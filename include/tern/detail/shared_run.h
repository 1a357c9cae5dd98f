// The untyped half of SharedTask: one run of a task, and those who wait for it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/intrusive_list.h"

namespace tern::detail {

class TERN_API SharedRun {
 public:
  SharedRun() = default;
  SharedRun(const SharedRun&) = delete;
  SharedRun& operator=(const SharedRun&) = delete;

  class Wait;
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool cancelled() const noexcept { return job_ && job_->cancelled(); }

 protected:
  ~SharedRun() = default;
  /// Before the first wait.
  void set_body(Task<void> body) noexcept { body_ = std::move(body); }
  /// Destroys the run where it stands: by the derived class, before the result that it writes.
  void destroy() noexcept { job_.reset(); }

 private:
  class Run final : public Job {
   public:
    Run(SharedRun& shared, const Job& first) : Job(first.loop(), &first), shared_(shared) {
      inherited.deadline.reset();
    }

   private:
    void finished(std::exception_ptr error) override;
    SharedRun& shared_;
  };

  Task<void> body_;
  std::optional<Run> job_;
  std::size_t waiters_ = 0;  // that were not cancelled
  bool ended_ = false;
  std::exception_ptr error_;
  IntrusiveList<Wait> waiting_;
};

/// Waits for the end; starts the run if it is the first. Holds the run.
class SharedRun::Wait : public tern::Wait, public ListNode<Wait> {
 public:
  explicit Wait(std::shared_ptr<SharedRun> run) noexcept : run_(std::move(run)) {}
  Wait(Wait&& other) noexcept = default;
  Wait& operator=(Wait&&) = delete;
  ~Wait() override {
    if (counted_) leave();
  }

  [[nodiscard]] bool await_ready() const;
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }

 protected:
  /// Returns if there is a result.
  void check();

 private:
  friend class SharedRun;
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override;
  [[nodiscard]] bool held_elsewhere() noexcept override;
  void orphan() noexcept override;
  void leave() noexcept;

  std::shared_ptr<SharedRun> run_;
  bool counted_ = false;
};

}  // namespace tern::detail
