// Outcome<T>: how an awaitable ended: with a T, or with an exception. gather_results() and as_completed() give it,
// so that one failure does not hide the other results. (folly::Try; asyncio.gather's return_exceptions.)
#pragma once

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/async/awaitable.h"

namespace tern {

template <class T>
class [[nodiscard]] Outcome {
 public:
  using Reference = std::add_lvalue_reference_t<T>;

  Outcome() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a value is an outcome
  Outcome(detail::NotVoid<T> value) : outcome_(std::in_place_index<1>, std::move(value)) {}
  /// `error` is not null.
  explicit Outcome(std::exception_ptr error) noexcept : outcome_(std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return outcome_.index() == 1; }
  explicit operator bool() const noexcept { return ok(); }

  /// The value; throws what the awaitable threw.
  Reference value() & {
    if (!ok()) std::rethrow_exception(std::get<0>(outcome_));
    if constexpr (!std::is_void_v<T>) return std::get<1>(outcome_);
  }
  std::add_lvalue_reference_t<std::add_const_t<T>> value() const& {
    if (!ok()) std::rethrow_exception(std::get<0>(outcome_));
    if constexpr (!std::is_void_v<T>) return std::get<1>(outcome_);
  }
  T value() && {
    if (!ok()) std::rethrow_exception(std::get<0>(outcome_));
    if constexpr (!std::is_void_v<T>) return std::get<1>(std::move(outcome_));
  }

  /// Returns the value, or `other` when there is none.
  template <class U>
    requires(!std::is_void_v<T>)
  [[nodiscard]] T value_or(U&& other) const& {
    return ok() ? std::get<1>(outcome_) : static_cast<T>(std::forward<U>(other));
  }
  template <class U>
    requires(!std::is_void_v<T>)
  [[nodiscard]] T value_or(U&& other) && {
    return ok() ? std::get<1>(std::move(outcome_)) : static_cast<T>(std::forward<U>(other));
  }

  /// The exception that the awaitable threw; null if it threw none.
  [[nodiscard]] std::exception_ptr error() const noexcept { return ok() ? nullptr : std::get<0>(outcome_); }

 private:
  std::variant<std::exception_ptr, detail::NotVoid<T>> outcome_;
};

namespace detail {

/// Awaits `awaitable` and notes in `outcome` how it ended. Cancelled is noted and passed on: only the combinator knows
/// whether the caller was meant.
template <Awaitable A>
Task<void> store_outcome(A awaitable, Outcome<AwaitResult<A>>& outcome) {
  try {
    auto&& awaiter = awaiter_of(operand_of(awaitable));
    if constexpr (std::is_void_v<AwaitResult<A>>) {
      co_await awaiter;
      outcome = Outcome<void>{std::monostate{}};
    } else {
      outcome = Outcome<AwaitResult<A>>{co_await awaiter};
    }
  } catch (const Cancelled&) {
    outcome = Outcome<AwaitResult<A>>{std::current_exception()};
    throw;
  } catch (...) {
    outcome = Outcome<AwaitResult<A>>{std::current_exception()};
  }
}

}  // namespace detail

}  // namespace tern
