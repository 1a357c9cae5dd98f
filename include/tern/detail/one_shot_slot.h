// OneShotSlot<T>: the place of one result, which is set once and taken once. Without a thread or a coroutine.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/api.h"

namespace tern::detail {

[[noreturn]] TERN_API void throw_set_twice();
[[noreturn]] TERN_API void throw_taken_twice();
[[noreturn]] TERN_API void throw_waited_for_twice();

template <class T>
class OneShotSlot {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  [[nodiscard]] bool set() const noexcept { return value_.has_value() || error_ != nullptr || taken_; }

  /// Both throw std::logic_error when it was set before.
  template <class... Arguments>
  void succeed(Arguments&&... arguments) {
    if (set()) throw_set_twice();
    value_.emplace(std::forward<Arguments>(arguments)...);
  }
  void fail(std::exception_ptr error) {
    if (set()) throw_set_twice();
    error_ = std::move(error);
  }

  /// Throws std::logic_error when the result was taken.
  void require_untaken() const {
    if (taken_) throw_taken_twice();
  }
  /// Returns the value or throws the error. The slot must be set.
  T take() {
    require_untaken();
    if (error_) {
      taken_ = true;
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
    if constexpr (std::is_void_v<T>) {
      taken_ = true;
    } else {
      T value = *std::move(value_);
      taken_ = true;
      value_.reset();
      return value;
    }
  }

 private:
  std::optional<Value> value_;
  std::exception_ptr error_;
  bool taken_ = false;
};

}  // namespace tern::detail
