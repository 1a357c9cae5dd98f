// AsyncGenerator<T>: a coroutine that gives any number of T, one each time it is asked, and may wait in between:
// Python's `async def` with `yield`. Lazy: nothing runs until the first next(). Dropped half-way, its frame is
// destroyed where it stands. So is the frame of a generator whose reader is destroyed in the middle of next(): the
// generator is then at its end.
//
//   tern::AsyncGenerator<int> count() { for (int i = 0;; ++i) { co_await tern::sleep(1s); co_yield i; } }
//   auto numbers = count();
//   while (std::optional<int> number = co_await numbers.next()) use(*number);
#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "tern/api.h"
#include "tern/async/task.h"

namespace tern {

namespace detail {
[[noreturn]] TERN_API void throw_two_nexts();
}  // namespace detail

template <class T>
class [[nodiscard]] AsyncGenerator {
 public:
  class promise_type final : public CoroutinePromise {
   public:
    AsyncGenerator get_return_object() noexcept {
      return AsyncGenerator{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    detail::FinalTransfer final_suspend() noexcept {
      value_ = nullptr;
      return {};
    }
    /// A yielded lvalue stays the generator's own; it is read while the generator is suspended.
    auto yield_value(const T& value) noexcept
      requires std::is_copy_constructible_v<T>
    {
      value_ = std::addressof(value);
      movable_ = false;
      return Yield{};
    }
    auto yield_value(T&& value) noexcept {
      value_ = std::addressof(value);
      movable_ = true;
      return Yield{};
    }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error_ = std::current_exception(); }

   private:
    friend class AsyncGenerator;
    struct Yield {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> frame) noexcept {
        return detail::transfer_to(frame.promise().continuation_);
      }
      void await_resume() const noexcept {}
    };
    const T* value_ = nullptr;
    bool movable_ = false;
    std::exception_ptr error_;
    AsyncGenerator* owner_ = nullptr;
  };

  AsyncGenerator() noexcept = default;
  AsyncGenerator(AsyncGenerator&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) { own(); }
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    std::swap(frame_, other.frame_);
    own();
    other.own();
    return *this;
  }
  /// Not while another job awaits its next().
  ~AsyncGenerator() {
    if (frame_) frame_.destroy();
  }

  /// False for a generator that was moved from.
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  /// Runs the body to its next co_yield, in the awaiting coroutine's job. Empty when the body has ended (and ever
  /// after); throws what the body threw, once. One next() at a time: a second one throws std::logic_error.
  auto next() noexcept { return Next<false>{frame_}; }

  /// As next(), without taking the value: it stays where the body yielded it, until the following call. Null at the
  /// end.
  auto next_pointer() noexcept { return Next<true>{frame_}; }

  /// What next_pointer() pointed to is no longer read. If the body yielded a temporary, the memory that it holds is
  /// freed now, and not when the body goes on.
  void release() {
    if (!frame_) return;
    promise_type& promise = frame_.promise();
    const T* value = std::exchange(promise.value_, nullptr);
    if (value == nullptr || !promise.movable_) return;
    [[maybe_unused]] const T freed = std::move(const_cast<T&>(*value));
  }

 private:
  using Frame = std::coroutine_handle<promise_type>;

  template <bool kPointer>
  class [[nodiscard]] Next {
   public:
    explicit Next(Frame frame) noexcept : frame_(frame) {}
    Next(Next&& other) noexcept : frame_(other.frame_) { assert(!other.suspended_); }
    Next& operator=(Next&&) = delete;
    ~Next() {
      if (!suspended_) return;
      // The job goes, and the body stands in one of its waits.
      frame_.promise().owner_->frame_ = nullptr;
      frame_.destroy();
    }
    [[nodiscard]] bool await_ready() const {
      if (!frame_ || frame_.done()) return true;
      if (frame_.promise().continuation_) detail::throw_two_nexts();
      return false;
    }
    template <HasJob Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> consumer) noexcept {
      promise_type& promise = frame_.promise();
      promise.job_ = consumer.promise().job();
      promise.continuation_ = consumer;
      suspended_ = true;
      return detail::transfer_to(frame_);
    }
    auto await_resume() {
      if (std::exchange(suspended_, false)) frame_.promise().continuation_ = nullptr;
      using Result = std::conditional_t<kPointer, const T*, std::optional<T>>;
      if (!frame_) return Result{};
      promise_type& promise = frame_.promise();
      if (promise.error_) std::rethrow_exception(std::exchange(promise.error_, nullptr));
      if constexpr (kPointer) {
        return promise.value_;
      } else {
        if (promise.value_ == nullptr) return Result{};
        // A temporary in co_yield is a non-const object of the generator's frame: it may be moved out of.
        if constexpr (std::is_copy_constructible_v<T>) {
          if (!promise.movable_) return Result{*promise.value_};
        }
        return Result{std::move(const_cast<T&>(*promise.value_))};
      }
    }

   private:
    Frame frame_;
    bool suspended_ = false;
  };

  explicit AsyncGenerator(Frame frame) noexcept : frame_(frame) { own(); }
  void own() noexcept {
    if (frame_) frame_.promise().owner_ = this;
  }
  Frame frame_;
};

}  // namespace tern
