// A Job is one flow of control on a loop: a task, what it awaits, what that awaits, down to the one wait that
// everything stands at. It is what can be cancelled: asyncio would say "a task", Kotlin "a job".
//
//   idle --start()--> running --cancel()--> cancelling --body ended--> done
//                        \--------------body ended-------------------> done
#pragma once

#include <cassert>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

#include "tern/api.h"
#include "tern/async/clock.h"
#include "tern/detail/debug_layout.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/recycler.h"

namespace tern {

class Loop;
class Job;
class OnCancel;
template <class T>
class Task;
namespace detail {
struct FinalTransfer;
}  // namespace detail

/// Thrown out of an await whose job was cancelled, and out of every later one: cancellation is for good. Code that
/// catches it throws it again. A loop that does not is slowed down, so that the others on its loop go on: its job is
/// resumed after other coroutines, and after kMostPromptCancellations awaits only once in kCancellationPause.
/// Not a std::exception, so that `catch (const std::exception&)` does not swallow it (asyncio's CancelledError
/// likewise).
struct Cancelled {};

/// A cancelled job's awaits that throw without a pause: enough for the clean-up of a handler and of all that it awaits.
inline constexpr int kMostPromptCancellations = 16;
/// How long each later one waits first. 1 ms leaves the loop's time to the others, and a server's grace is longer.
inline constexpr std::chrono::milliseconds kCancellationPause{1};

/// Whether `error` holds Cancelled.
[[nodiscard]] TERN_API bool is_cancelled(const std::exception_ptr& error) noexcept;

/// Something that a loop will run in its present turn; see Loop::make_ready.
class TERN_API Ready : public ListNode<Ready> {
 public:
  virtual void run() = 0;

 protected:
  ~Ready() = default;
};

/// The innermost wait of a job: base of every awaiter that really suspends.
/// An awaiter calls begin_wait() in its await_suspend, which always suspends (returns void). If that returned true, it
/// arranges for wake() to be called once, on the job's loop. It calls resumed() in its await_resume. Destroyed before
/// it is woken, it forgets the coroutine; what it arranged must then not touch it.
class TERN_API Wait : public Ready {
 public:
  Wait() = default;
  /// An awaiter moves before it is awaited, so that gather(), with_timeout() and their like can take it.
  Wait([[maybe_unused]] Wait&& other) noexcept : Ready() { assert(other.state_ == State::kIdle); }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  virtual ~Wait();

  /// Resumes the coroutine in the loop's present turn, after what was woken before; later in a job that was cancelled
  /// and does not end (see Cancelled). A second call does nothing.
  void wake() noexcept;

  [[nodiscard]] Job* job() const noexcept { return job_; }
  [[nodiscard]] bool waiting() const noexcept { return state_ == State::kWaiting; }
  /// For JobStack: the address of the coroutine's frame, and the job that it waits for, where that is part of this.
  [[nodiscard]] const void* waiter() const noexcept { return waiter_.address(); }
  [[nodiscard]] virtual const Job* inner_job() const noexcept { return nullptr; }

 protected:
  /// Called at most once, on the loop, when the job is cancelled while this waits. Must lead to wake(), at once or when
  /// what was begun has really ended.
  virtual void cancel() noexcept { wake(); }
  /// Whether another thread uses what the waiting coroutine owns, so that destroying it now would block.
  [[nodiscard]] virtual bool held_elsewhere() noexcept { return false; }
  /// The coroutine is left as it is for ever, and its loop may be gone when the other thread is done with it.
  virtual void orphan() noexcept {}

  /// Makes this the job's innermost wait. False when the job is cancelled already: the awaiter then arranges nothing,
  /// the coroutine is resumed after others had their turn, and resumed() throws.
  [[nodiscard]] bool begin_wait(std::coroutine_handle<> waiter, Job& job) noexcept;
  /// The same even in a cancelled job: for what has to end before anything else may go on.
  void suspend_to_the_end(std::coroutine_handle<> waiter, Job& job) noexcept;
  /// Throws Cancelled if the job was cancelled.
  void resumed() const;

 private:
  friend class Job;
  template <class Folder>
  friend struct DebugLayout;
  enum class State : unsigned char { kIdle, kWaiting, kWoken };
  void run() final;

  std::coroutine_handle<> waiter_;
  Job* job_ = nullptr;
  State state_ = State::kIdle;
};

/// The context that a job hands down to the jobs that it starts.
struct JobContext {
  /// The time from which on the work is of no use to its requester. Calls that the job makes inherit it.
  std::optional<Clock::time_point> deadline;
  /// The purpose of the job, by the name that people have for it: logged, and shown by inspect() and debuggers. Null:
  /// it has no name. Read in a signal's handler: outlives the jobs, and does not change.
  const char* name = nullptr;
  /// One value that passes through unseen, of the layer above that has set it and alone knows its type.
  std::shared_ptr<const void> carried;
};

/// Owns its body: destroyed while the body is suspended, it destroys the body's frames, innermost first.
class TERN_API Job {
 public:
  /// A job on `loop`; `parent`, if any, hands down its context (not its cancellation: whoever waits for this job passes
  /// that on).
  explicit Job(Loop& loop, const Job* parent = nullptr) noexcept;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job();

  /// Runs `body` in the loop's present turn; finished() is called when it has ended. Throws std::logic_error for a Task
  /// that was moved from or awaited before.
  void start(Task<void> body);

  /// Asks the job to end: the innermost wait throws Cancelled, and so does every later one. Only on the job's loop.
  /// Harmless when done, or when called twice.
  void cancel() noexcept;

  /// Whether another thread runs something for the job (run_in_executor), so that destroying it would block.
  [[nodiscard]] bool held_elsewhere() const noexcept { return innermost_ != nullptr && innermost_->held_elsewhere(); }
  /// Lets that thread know that nobody waits for it any more. The job must then never be destroyed.
  void orphan() noexcept {
    if (innermost_ != nullptr) innermost_->orphan();
  }

  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] Loop& loop() const noexcept { return *loop_; }
  /// The wait that it stands at; null while it runs, or waits for its turn.
  [[nodiscard]] const Wait* innermost() const noexcept { return innermost_; }

  /// Copied from the parent, and from here to the jobs that this one starts from now on.
  JobContext inherited;

  /// The job whose code runs now on this thread; null outside of one.
  static Job* current() noexcept;

 protected:
  /// The body ended: normally (null) or by this exception. Runs on the loop, outside of the body's frames; may delete
  /// this job.
  virtual void finished(std::exception_ptr error) = 0;

  /// The body is about to run: gives it back, or a task that awaits it after something else. On the loop.
  virtual Task<void> before(Task<void> body);

  /// Destroys the body where it stands: for a derived class whose members the body's frames may use to the last.
  void destroy_body() noexcept;
  /// The same for a job that lives on: it takes no further step, and finished() is not called.
  void abandon_body() noexcept;

 private:
  friend class Wait;
  friend class OnCancel;
  friend struct detail::FinalTransfer;
  template <class Folder>
  friend struct DebugLayout;

  // The two turns of a job that are not resumptions of a wait: its first step, and its end.
  struct Step final : Ready {
    explicit Step(Job& owner) : job(owner) {}
    void run() override { job.step(); }
    Job& job;
  };

  void hold(Task<void> body) noexcept;
  void step();
  void body_ended() noexcept;
  /// Has the loop resume the coroutine that waits, later where the job was cancelled and does not end.
  void make_ready(Wait& wait) noexcept;

  Loop* loop_;
  Wait* innermost_ = nullptr;
  std::coroutine_handle<> body_;   // of a Task<void>
  OnCancel* on_cancel_ = nullptr;  // the guard that was made last
  Step step_{*this};
  bool cancelled_ = false;
  bool ended_ = false;
  bool done_ = false;
  std::uint8_t cancelled_awaits_ = 0;  // that ended after cancel(), up to one more than are prompt
};

/// What every coroutine of tern has in its promise: the job that it runs in and the coroutine that awaits it.
class CoroutinePromise {
 public:
  [[nodiscard]] Job* job() const noexcept { return job_; }

  /// The frame that awaits the coroutine with this frame; null for a job's body.
  [[nodiscard]] static const void* continuation_of(const void* frame) noexcept {
    const auto any = std::coroutine_handle<CoroutinePromise>::from_address(const_cast<void*>(frame));
    return any.promise().continuation_.address();
  }

  static void* operator new(std::size_t size) { return recycler::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { recycler::deallocate(frame, size); }

 protected:
  friend class Job;
  friend struct detail::FinalTransfer;
  template <class Folder>
  friend struct DebugLayout;
  Job* job_ = nullptr;
  std::coroutine_handle<> continuation_;
};

}  // namespace tern
