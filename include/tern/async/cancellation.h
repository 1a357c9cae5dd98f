// Seeing a cancellation without awaiting: code that computes asks cancellation_requested(), and an OnCancel guard calls
// a function at the moment when its job is cancelled, for a driver that has a cancel function of its own.
//
//   tern::OnCancel guard{[&] { driver.abort(); }};
#pragma once

#include <functional>
#include <stdexcept>

#include "tern/api.h"
#include "tern/async/job.h"

namespace tern {

/// Returns true if the job that runs now was cancelled: its next await throws Cancelled. False outside of a job.
[[nodiscard]] TERN_API bool cancellation_requested() noexcept;

/// Thrown for the result of a task that was cancelled before it had one, to a job that was not cancelled itself.
class TERN_API TaskCancelled : public std::runtime_error {
 public:
  TaskCancelled() : std::runtime_error("the task was cancelled before it had a result") {}
};

/// Calls a function once when the job that runs now is cancelled, on the job's loop; of several guards the one that was
/// made last comes first. In a job that is cancelled already, the constructor calls the function.
/// Cancelling a task inside of gather(), with_timeout() or a TaskGroup calls the guards of that task, and then those of
/// the tasks that it waits for.
/// Once the guard has been destroyed, the function is not called. An exception that leaves the function is logged.
class TERN_API OnCancel {
 public:
  /// Throws std::logic_error outside of a job.
  explicit OnCancel(std::function<void()> callback);
  OnCancel(const OnCancel&) = delete;
  OnCancel& operator=(const OnCancel&) = delete;
  ~OnCancel() { unlink(); }

 private:
  friend class Job;
  static void call(Job& job) noexcept;
  /// The job ends before its guards do: one that a generator keeps, for example.
  static void forget(Job& job) noexcept;
  void unlink() noexcept;
  void run() noexcept;

  std::function<void()> callback_;
  // A list whose head is one pointer of the job, so that a job without guards pays a comparison.
  OnCancel** link_ = nullptr;  // what points to this
  OnCancel* next_ = nullptr;
};

}  // namespace tern
