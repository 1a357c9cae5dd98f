// SharedOrBorrowed<T>: an object that an option points to. A T* is borrowed: the user keeps the object. A
// std::shared_ptr is kept. Null is neither.
//
// g++ 12 destroys an aggregate twice that is written inside of a co_await expression. With that compiler make options
// that share something in a statement of their own.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace tern::detail {

/// As thread-safe as std::shared_ptr.
template <class T>
class SharedOrBorrowed {
 public:
  // Implicit, so that `{.tls = &tls}` and `{.tls = std::make_shared<ClientTls>()}` both read well.
  SharedOrBorrowed(std::nullptr_t = nullptr) noexcept {}  // NOLINT(google-explicit-constructor)
  /// Borrows: without a control block the pointer owns nothing, and allocates nothing.
  SharedOrBorrowed(T* borrowed) noexcept  // NOLINT(google-explicit-constructor)
      : object_(std::shared_ptr<T>{}, borrowed) {}
  template <class U>
    requires std::convertible_to<U*, T*>
  SharedOrBorrowed(std::shared_ptr<U> shared) noexcept  // NOLINT(google-explicit-constructor)
      : object_(std::move(shared)) {}

  [[nodiscard]] T* get() const noexcept { return object_.get(); }
  /// Owns nothing when the object is borrowed.
  [[nodiscard]] const std::shared_ptr<T>& shared() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_.get(); }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  friend bool operator==(const SharedOrBorrowed& one, std::nullptr_t) noexcept { return one.object_ == nullptr; }

 private:
  std::shared_ptr<T> object_;
};

/// Throws std::invalid_argument when `shared` is null. `where`: the function that it was given to.
template <class T>
T& required(const std::shared_ptr<T>& shared, const char* where) {
  if (shared == nullptr) throw std::invalid_argument(std::string{where} + ": the std::shared_ptr is null");
  return *shared;
}

}  // namespace tern::detail
