// Asio inside tern's coroutines: any Asio operation is awaited with the token use_task, and a boost::asio::awaitable<T>
// through from_asio(). Cancelling the job cancels the operation and waits until it has ended.
//
//   std::size_t size = co_await socket.async_read_some(buffer, tern::use_task);   // throws boost::system::system_error
//   auto [error, size] = co_await socket.async_read_some(buffer, asio::as_tuple(tern::use_task));
//   Reply reply = co_await tern::from_asio(driver.query(text));
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

/// The completion token of tern's coroutines.
struct UseTask {};
inline constexpr UseTask use_task{};

namespace detail {

template <class... Results>
class AsioWait;

/// Outlives the wait when the coroutine is destroyed before the operation has ended.
template <class... Results>
struct AsioState {
  explicit AsioState(Loop& its_loop) : loop(its_loop) {}
  Loop& loop;
  AsioWait<Results...>* wait = nullptr;
  boost::asio::cancellation_signal cancellation;
  std::optional<std::tuple<Results...>> results;
};

template <class... Results>
struct AsioHandler {
  using executor_type = boost::asio::io_context::executor_type;
  using cancellation_slot_type = boost::asio::cancellation_slot;

  [[nodiscard]] executor_type get_executor() const noexcept { return state->loop.context().get_executor(); }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return state->cancellation.slot(); }

  template <class... Values>
  void operator()(Values&&... values) {
    const Loop::Turn turn{state->loop};
    state->results.emplace(std::forward<Values>(values)...);
    if (state->wait != nullptr) state->wait->wake();
  }

  std::shared_ptr<AsioState<Results...>> state;
};

/// First of an operation's results when it says how the operation went; it is thrown, not returned.
inline void throw_if_failed(const boost::system::error_code& error) {
  if (error) throw boost::system::system_error(error);
}
inline void throw_if_failed(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}
template <class T>
inline constexpr bool kIsError = std::is_same_v<T, boost::system::error_code> || std::is_same_v<T, std::exception_ptr>;

template <class... Results>
class AsioWait : public Wait {
 public:
  AsioWait() = default;
  AsioWait(AsioWait&& other) noexcept = default;
  AsioWait& operator=(AsioWait&&) = delete;
  ~AsioWait() override {
    if (!state_) return;
    state_->wait = nullptr;
    if (!state_->results) state_->cancellation.emit(boost::asio::cancellation_type::terminal);
  }

 protected:
  template <class Initiate>
  void begin(std::coroutine_handle<> caller, Job& job, Initiate initiate) {
    if (!begin_wait(caller, job)) return;
    state_ = std::make_shared<AsioState<Results...>>(job.loop());
    state_->wait = this;
    initiate(AsioHandler<Results...>{state_});
  }

  auto take() {
    resumed();
    return unpack(*std::move(state_->results));
  }

 private:
  void cancel() noexcept override {
    const std::shared_ptr<AsioState<Results...>> state = state_;
    state->cancellation.emit(boost::asio::cancellation_type::terminal);
  }

  static void unpack(std::tuple<>&& /*nothing*/) {}
  template <class First, class... Rest>
  static auto unpack(std::tuple<First, Rest...>&& results) {
    if constexpr (kIsError<First>) {
      throw_if_failed(std::get<0>(results));
      return std::apply([](First&, Rest&... rest) { return only(std::move(rest)...); }, results);
    } else {
      return std::apply([](First& first, Rest&... rest) { return only(std::move(first), std::move(rest)...); },
                        results);
    }
  }
  static void only() {}
  template <class T>
  static T only(T&& value) {
    return std::forward<T>(value);
  }
  template <class T, class... More>
    requires(sizeof...(More) > 0)
  static auto only(T&& value, More&&... more) {
    return std::tuple<T, More...>{std::forward<T>(value), std::forward<More>(more)...};
  }

  std::shared_ptr<AsioState<Results...>> state_;
};

/// An operation with its arguments, begun when it is awaited.
template <class Initiation, class ArgumentsTuple, class... Results>
class [[nodiscard]] AsioOperation final : public AsioWait<Results...> {
 public:
  AsioOperation(Initiation initiation, ArgumentsTuple arguments)
      : initiation_(std::move(initiation)), arguments_(std::move(arguments)) {}

  AsioOperation(AsioOperation&& other) noexcept = default;
  AsioOperation& operator=(AsioOperation&&) = delete;
  ~AsioOperation() override = default;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    this->begin(caller, *caller.promise().job(), [this](AsioHandler<Results...> handler) {
      std::apply([&](auto&... arguments) { std::move(initiation_)(std::move(handler), std::move(arguments)...); },
                 arguments_);
    });
  }
  auto await_resume() { return this->take(); }

 private:
  Initiation initiation_;
  ArgumentsTuple arguments_;
};

}  // namespace detail

}  // namespace tern

template <class Return, class... Results>
class boost::asio::async_result<tern::UseTask, Return(Results...)> {
 public:
  template <class Initiation, class... Arguments>
  static auto initiate(Initiation&& initiation, tern::UseTask /*token*/, Arguments&&... arguments) {
    using Tuple = std::tuple<std::decay_t<Arguments>...>;
    return tern::detail::AsioOperation<std::decay_t<Initiation>, Tuple, std::decay_t<Results>...>{
        std::forward<Initiation>(initiation), Tuple{std::forward<Arguments>(arguments)...}};
  }
};

namespace tern {

/// A coroutine of Asio's own, run on the loop and awaited here. (g++ 12 allows no await_transform for awaiters that do
/// not move, so it cannot be awaited without a word.)
template <class T, class AsioExecutor>
Task<T> from_asio(boost::asio::awaitable<T, AsioExecutor> awaitable) {
  auto& context = Loop::require_current("awaiting a boost::asio::awaitable").context();
  co_return co_await boost::asio::co_spawn(context, std::move(awaitable), use_task);
}

}  // namespace tern
