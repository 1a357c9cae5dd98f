// as_sender: a Task as a sender of std::execution (P2300), for programs that have stdexec. Include it only there: tern
// needs no stdexec itself.
//
//   auto total = tern::as_sender(context, load(7)) | stdexec::then([](const Order& order) { return order.total(); });
//   auto [result] = stdexec::sync_wait(std::move(total)).value();   // while another thread runs `context`
#pragma once

#if !__has_include(<stdexec/execution.hpp>)
#error "tern/async/sender.h needs stdexec (github.com/NVIDIA/stdexec): install it, or use tern/async/co_spawn.h"
#endif

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stdexec/execution.hpp>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/detail/root_job.h"

namespace tern {

namespace detail {

/// A task that a receiver waits for. Stays where it is until it has completed.
template <class T, class Receiver>
class TaskOperation final : public RootJob {
 public:
  using operation_state_concept = stdexec::operation_state_t;

  TaskOperation(Loop& loop, Task<T> task, Receiver receiver)
      : RootJob(loop), task_(std::move(task)), receiver_(std::move(receiver)) {}

  void start() & noexcept try {
    stopped_by_.emplace(stdexec::get_stop_token(stdexec::get_env(receiver_)), Stop{self_, loop().mailbox()});
    post(&TaskOperation::begin);
  } catch (...) {
    stopped_by_.reset();
    stdexec::set_error(std::move(receiver_), std::current_exception());
  }

 private:
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  /// A stop may be requested on any thread.
  struct Stop {
    void operator()() const noexcept {
      mailbox->post([self = self] {
        if (const std::shared_ptr<TaskOperation*> there = self.lock()) (*there)->cancel();
      });
    }
    std::weak_ptr<TaskOperation*> self;
    std::shared_ptr<LoopMailbox> mailbox;
  };
  using Callback = stdexec::stop_callback_for_t<stdexec::stop_token_of_t<stdexec::env_of_t<Receiver>>, Stop>;

  /// Does one step of the operation on the context. Destroyed with the context instead, it says that the task stopped.
  class Step {
   public:
    Step(TaskOperation& operation, void (TaskOperation::*step)()) noexcept : operation_(&operation), step_(step) {}
    Step(Step&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)), step_(other.step_) {}
    Step& operator=(Step&&) = delete;
    ~Step() {
      if (operation_ != nullptr) operation_->stopped();
    }
    void operator()() { (std::exchange(operation_, nullptr)->*step_)(); }

   private:
    TaskOperation* operation_;
    void (TaskOperation::*step_)();
  };
  void post(void (TaskOperation::*step)()) { boost::asio::post(loop().context(), Step{*this, step}); }

  void begin() {
    const Loop::Turn turn{loop()};
    register_root();
    Job::start(run(std::move(task_), result_));
  }
  static Task<void> run(Task<T> task, std::optional<Stored>& result) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
    } else {
      result.emplace(co_await std::move(task));
    }
  }

  // Completed outside of the turn: the receiver may destroy the operation.
  void finished(std::exception_ptr error) override {
    error_ = std::move(error);
    post(&TaskOperation::complete);
  }
  void complete() {
    stopped_by_.reset();
    if (is_cancelled(error_)) return stdexec::set_stopped(std::move(receiver_));
    if (error_) return stdexec::set_error(std::move(receiver_), std::move(error_));
    if constexpr (std::is_void_v<T>) {
      stdexec::set_value(std::move(receiver_));
    } else {
      stdexec::set_value(std::move(receiver_), *std::move(result_));
    }
  }
  void loop_ended() noexcept override {
    destroy_body();
    stopped();
  }
  void stopped() noexcept {
    stopped_by_.reset();
    stdexec::set_stopped(std::move(receiver_));
  }

  Task<T> task_;
  std::optional<Stored> result_;
  std::exception_ptr error_;
  Receiver receiver_;
  std::optional<Callback> stopped_by_;
  std::shared_ptr<TaskOperation*> self_ = std::make_shared<TaskOperation*>(this);
};

template <class T>
struct SenderValue {
  using Signature = stdexec::set_value_t(T);
};
template <>
struct SenderValue<void> {
  using Signature = stdexec::set_value_t();
};

}  // namespace detail

/// Completes on the io_context's thread: with the task's value; with an error, a std::exception_ptr; or as stopped,
/// when the task was cancelled. Connected once, as an rvalue. Nothing runs before the operation is started.
template <class T>
class [[nodiscard]] TaskSender {
 public:
  using sender_concept = stdexec::sender_t;
  using completion_signatures =
      stdexec::completion_signatures<typename detail::SenderValue<T>::Signature,
                                     stdexec::set_error_t(std::exception_ptr), stdexec::set_stopped_t()>;

  TaskSender(Loop& loop, Task<T> task) : loop_(&loop), task_(std::move(task)) {}

  template <stdexec::receiver Receiver>
  auto connect(Receiver receiver) && {
    return detail::TaskOperation<T, Receiver>{*loop_, std::move(task_), std::move(receiver)};
  }

 private:
  Loop* loop_;
  Task<T> task_;
};

/// A sender that runs `task` on the loop of `context`, which one thread at a time runs (docs/embedding.md). A stop
/// request of the receiver's, on any thread, cancels the task. A context that is destroyed first completes it as
/// stopped.
template <class T>
TaskSender<T> as_sender(boost::asio::io_context& context, Task<T> task) {
  return {Loop::of(context), std::move(task)};
}

}  // namespace tern
