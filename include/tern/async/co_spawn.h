// co_spawn: runs a Task on an io_context that the program has already, as boost::asio::co_spawn runs an awaitable. The
// result goes to an Asio completion token: a handler, use_future, use_awaitable, detached, or tern::use_task.
//
//   boost::asio::io_context context;
//   tern::co_spawn(context, serve(), boost::asio::detached);
//   context.run();
//
//   // In a boost::asio::awaitable<void>:
//   User user = co_await tern::co_spawn(context, stub.GetUser(request), boost::asio::use_awaitable);
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/detail/root_job.h"

namespace tern {

namespace detail {

/// The io_context that an executor runs on. Throws std::logic_error for an any_io_executor that holds anything but an
/// io_context's own executor.
TERN_API boost::asio::io_context& io_context_of(const boost::asio::any_io_executor& executor);

template <class Executor>
boost::asio::io_context& context_of_executor(const Executor& executor) {
  if constexpr (std::is_same_v<Executor, boost::asio::any_io_executor>) {
    return io_context_of(executor);
  } else {
    static_assert(std::convertible_to<Executor, boost::asio::io_context::executor_type>,
                  "tern runs on an io_context that one thread runs: pass the io_context or its executor. Strands and "
                  "boost::asio::thread_pool are not supported, since tern's objects have no locks: make an io_context "
                  "for each thread and join them in a tern::ContextGroup (docs/embedding.md)");
    return boost::asio::io_context::executor_type{executor}.context();
  }
}

/// A failed job's exception for Asio's users. Cancelled is not a std::exception, and becomes operation_aborted.
TERN_API std::exception_ptr error_for_asio(std::exception_ptr error);

template <class T>
struct SpawnTraits {
  static_assert(
      std::is_default_constructible_v<T>,
      "a completion handler gets a value also when the task failed: T needs a default constructor, or let the "
      "task return a std::optional<T>");
  using Signature = void(std::exception_ptr, T);
};
template <>
struct SpawnTraits<void> {
  using Signature = void(std::exception_ptr);
};

/// A task of co_spawn(). Owns itself from begin() on.
template <class T, class Handler>
class SpawnedJob final : public RootJob {
 public:
  SpawnedJob(Loop& loop, Task<T> task, Handler handler)
      : RootJob(loop),
        task_(std::move(task)),
        handler_(std::move(handler)),
        own_work_(loop.context().get_executor()),
        handlers_work_(boost::asio::get_associated_executor(handler_, loop.context().get_executor())) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    // A signal may come on the handler's thread, and after the end.
    slot.assign([self = std::weak_ptr{self_}, mailbox = loop.mailbox()](boost::asio::cancellation_type type) {
      if (type == boost::asio::cancellation_type::none) return;
      mailbox->post([self] {
        if (const std::shared_ptr<SpawnedJob*> there = self.lock()) (*there)->cancel();
      });
    });
  }

  /// In a turn of the loop.
  static void begin(std::unique_ptr<SpawnedJob> job) {
    SpawnedJob& begun = *job.release();
    begun.register_root();
    begun.start(run(std::move(begun.task_), begun.result_));
  }

 private:
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  static Task<void> run(Task<T> task, std::optional<Stored>& result) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
    } else {
      result.emplace(co_await std::move(task));
    }
  }

  // Posted, so that the handler runs outside of the loop's turn: what it throws leaves io_context::run().
  void finished(std::exception_ptr error) override {
    const std::unique_ptr<SpawnedJob> self{this};
    if (error) error = error_for_asio(std::move(error));
    const auto executor = handlers_work_.get_executor();
    if constexpr (std::is_void_v<T>) {
      boost::asio::post(executor, boost::asio::append(std::move(handler_), std::move(error)));
    } else {
      T value = error ? T{} : *std::move(result_);
      boost::asio::post(executor, boost::asio::append(std::move(handler_), std::move(error), std::move(value)));
    }
  }
  void loop_ended() noexcept override { delete this; }

  Task<T> task_;
  std::optional<Stored> result_;
  Handler handler_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> own_work_;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>>
      handlers_work_;
  std::shared_ptr<SpawnedJob*> self_ = std::make_shared<SpawnedJob*>(this);
};

template <class T>
struct Spawn {
  template <class Handler>
  void operator()(Handler&& handler, Task<T> task) const {
    Loop& loop = Loop::of(context);
    using Spawned = SpawnedJob<T, std::decay_t<Handler>>;
    auto job = std::make_unique<Spawned>(loop, std::move(task), std::forward<Handler>(handler));
    boost::asio::post(context, [&loop, job = std::move(job)]() mutable {
      const Loop::Turn turn{loop};
      Spawned::begin(std::move(job));
    });
  }
  boost::asio::io_context& context;
};

template <class T, class Token>
auto spawn_on(boost::asio::io_context& context, Task<T> task, Token&& token) {
  return boost::asio::async_initiate<Token, typename SpawnTraits<T>::Signature>(Spawn<T>{context}, token,
                                                                                std::move(task));
}

template <class T>
Task<T> as_task(Task<T> task) {
  return task;
}
/// A call of a stub.
template <class Call>
  requires requires(Call call) { std::move(call).task(); }
auto as_task(Call call) {
  return std::move(call).task();
}
/// Keeps the function, with what it captured, until the task has ended. Both are made on the loop.
template <class Function, class Result = std::invoke_result_t<Function&>>
Result as_task(Function function) {
  co_return co_await function();
}

template <class Work>
concept Spawnable = requires(Work work) { as_task(std::move(work)); };

}  // namespace detail

/// Runs `work` on the loop of `context`: a Task, a call of a stub, or a function that returns a Task, which is kept
/// until that has ended and is the way to run a lambda that captures. Begins at the call,
/// without an await: in a later turn, never inside of this call. A token that is lazy itself (use_awaitable, deferred)
/// makes the call with its own await.
///
/// Completion signature: void(std::exception_ptr, T), or void(std::exception_ptr) for a Task<void>. T needs a default
/// constructor. The handler runs on its associated executor, by default the context's, after this function has
/// returned. Until then the context has work, so that run() does not return. Per-operation cancellation: terminal,
/// partial and total, from any thread. Each cancels the task, whose Cancelled arrives as boost::system::system_error
/// with boost::asio::error::operation_aborted. Object lifetimes: a context that is destroyed first destroys the task
/// where it stands; the handler is not called. Any thread. One thread at a time may run `context`: with two,
/// std::logic_error leaves the run() of the second.
template <detail::Spawnable Work, class Token>
auto co_spawn(boost::asio::io_context& context, Work work, Token&& token) {
  return detail::spawn_on(context, detail::as_task(std::move(work)), std::forward<Token>(token));
}

/// The same on the io_context of `executor`: an io_context::executor_type, or an any_io_executor that holds one (as
/// co_await boost::asio::this_coro::executor gives). Others do not compile, or throw std::logic_error.
template <class Executor, detail::Spawnable Work, class Token>
  requires(!std::derived_from<Executor, boost::asio::io_context>)
auto co_spawn(const Executor& executor, Work work, Token&& token) {
  return detail::spawn_on(detail::context_of_executor(executor), detail::as_task(std::move(work)),
                          std::forward<Token>(token));
}

}  // namespace tern
