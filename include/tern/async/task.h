// Task<T>: a coroutine that gives one T (or throws). Lazy: it begins when it is awaited, and runs in the job of whoever
// awaits it, so that cancelling that job reaches it. Moving a Task moves the ownership of its frame; dropping it
// destroys the frame wherever it stands, and the destructors of its locals run.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/detail/debug_build.h"
#include "tern/detail/resume.h"

namespace tern {

/// A coroutine that has a job: only inside one can tern's awaitables be awaited.
template <class Promise>
concept HasJob = std::derived_from<Promise, CoroutinePromise>;

namespace detail {

/// Ends a coroutine: goes over to the one that awaits it, or tells the job whose body it was.
struct FinalTransfer {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    CoroutinePromise& promise = ended.promise();
    if (promise.continuation_) return transfer_to(promise.continuation_);
    promise.job_->body_ended();
    return std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

[[noreturn]] TERN_API void throw_no_task();

template <class T>
class TaskResult {
 public:
  // The first two take a T as it is, and `co_return {a, b};`: braces have no type that a template could deduce.
  void return_value(T&& value) { result_.template emplace<1>(std::move(value)); }
  void return_value(const T& value)
    requires std::copy_constructible<T>
  {
    result_.template emplace<1>(value);
  }
  template <class U>
    requires(std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, T>)
  void return_value(U&& value) {
    result_.template emplace<1>(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { result_.template emplace<2>(std::current_exception()); }
  T take() {
    if (result_.index() == 2) std::rethrow_exception(std::get<2>(std::move(result_)));
    return std::get<1>(std::move(result_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> result_;
};

template <>
class TaskResult<void> {
 public:
  void return_void() noexcept {}
  void unhandled_exception() noexcept { error_ = std::current_exception(); }
  void take() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }
  std::exception_ptr take_error() noexcept { return std::exchange(error_, nullptr); }

 private:
  std::exception_ptr error_;
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  class promise_type final : public CoroutinePromise, public detail::TaskResult<T> {
   public:
    Task get_return_object() noexcept {
      made_at_.note();
      return Task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    detail::FinalTransfer final_suspend() const noexcept { return {}; }

   private:
    friend class Task;
    friend class Job;
    [[no_unique_address]] std::conditional_t<detail::kDebugBuild, detail::MadeAt, detail::NotNoted> made_at_;
  };

  Task() noexcept = default;
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (!frame_) return;
    frame_.promise().made_at_.report_unawaited();
    frame_.destroy();
  }

  /// False for a Task that was moved from.
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  /// Runs the task in the awaiting coroutine's job; gives its result or throws what it threw. Once only: awaiting a
  /// Task that was moved from, or awaited before, throws std::logic_error.
  auto operator co_await() && noexcept { return Awaiter{std::exchange(frame_, nullptr)}; }
  void operator co_await() & = delete;  // a Task is awaited once, so it is moved: co_await std::move(task)

 private:
  friend class Job;
  using Frame = std::coroutine_handle<promise_type>;

  // Owns the frame while it runs, so that an awaiting coroutine that is destroyed takes it along.
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(Frame frame) noexcept : frame_(frame) {}
    Awaiter(Awaiter&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    Awaiter& operator=(Awaiter&&) = delete;
    ~Awaiter() {
      if (frame_) frame_.destroy();
    }
    [[nodiscard]] bool await_ready() const noexcept { return !frame_; }
    template <HasJob Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
      promise_type& promise = frame_.promise();
      promise.job_ = caller.promise().job();
      promise.continuation_ = caller;
      return detail::transfer_to(frame_);
    }
    /// For coroutines of other libraries, which have no job that the task could run in.
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> /*caller*/) noexcept {
      static_assert(HasJob<Promise>,
                    "a tern::Task is awaited in a coroutine of tern; in one of another library await "
                    "tern::co_spawn(io_context, task, boost::asio::use_awaitable), or give it to tern::co_spawn() with "
                    "a handler (docs/embedding.md)");
    }
    T await_resume() {
      if (!frame_) detail::throw_no_task();
      return frame_.promise().take();
    }

   private:
    Frame frame_;
  };

  explicit Task(Frame frame) noexcept : frame_(frame) {}
  Frame release() noexcept { return std::exchange(frame_, nullptr); }

  Frame frame_;
};

}  // namespace tern
