// The untyped half of as_completed(): starts awaitables by number, so many at once, and hands out the numbers of those
// that have ended, first in, first out.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <vector>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/intrusive_list.h"

namespace tern::detail {

class TERN_API Completions {
 public:
  class NextWait;
  Completions(const Completions&) = delete;
  Completions& operator=(const Completions&) = delete;

 protected:
  /// Throws std::invalid_argument for 0 at once.
  Completions(std::size_t count, std::optional<std::size_t> at_once);
  virtual ~Completions() = default;

  /// Returns the task with this number, once. The task notes by itself how it ended.
  virtual Task<void> body(std::size_t index) = 0;
  /// By the derived class's destructor, before the members that bodies write to.
  void destroy_running() noexcept;

 private:
  class Running;
  void start_more();
  void ended(Running& running) noexcept;
  void cancel_all() noexcept;

  std::size_t count_;
  std::size_t at_once_;
  std::size_t started_ = 0;
  std::size_t ended_unread_ = 0;  // at the end of order_
  std::size_t in_work_ = 0;       // that run
  std::vector<std::size_t> order_;
  IntrusiveList<Running> running_;
  NextWait* reader_ = nullptr;
  bool cancelling_ = false;
};

class Completions::NextWait : public Wait {
 public:
  explicit NextWait(Completions& all) noexcept : all_(all) {}
  NextWait(NextWait&& other) noexcept = default;
  NextWait& operator=(NextWait&&) = delete;
  ~NextWait() override {
    if (all_.reader_ == this) all_.reader_ = nullptr;
  }

  /// Starts what may run.
  [[nodiscard]] bool await_ready();
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }

 protected:
  /// The number of the one that ended; empty at the end.
  std::optional<std::size_t> take();

 private:
  friend class Completions;
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override { all_.cancel_all(); }
  [[nodiscard]] bool held_elsewhere() noexcept override;
  void orphan() noexcept override;
  Completions& all_;
};

}  // namespace tern::detail
