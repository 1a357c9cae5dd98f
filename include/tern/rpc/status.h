// Status: how a call ended. Codes and their meaning: gRPC's "Status codes and their use" (grpc/doc/statuscodes.md).
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tern/api.h"
#include "tern/rpc/metadata.h"

namespace tern {

enum class StatusCode : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// True for the codes that gRPC defines, 0 to 16.
constexpr bool is_known(StatusCode code) noexcept {
  return code >= StatusCode::kOk && code <= StatusCode::kUnauthenticated;
}

/// "NOT_FOUND" and so on.
TERN_API std::string_view name_of(StatusCode code) noexcept;

class [[nodiscard]] TERN_API Status {
 public:
  /// OK.
  Status() noexcept = default;
  /// `details` is UTF-8 text for people; `error_details` the bytes of a google.rpc.Status, if any. A `code` that gRPC
  /// does not define becomes UNKNOWN.
  explicit Status(StatusCode code, std::string details = {}, std::string error_details = {})
      : code_(is_known(code) ? code : StatusCode::kUnknown),
        details_(std::move(details)),
        error_details_(std::move(error_details)) {}

  [[nodiscard]] bool ok() const noexcept { return code_ == StatusCode::kOk; }
  [[nodiscard]] StatusCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& details() const noexcept { return details_; }
  /// Bytes of grpc-status-details-bin; empty when there were none.
  [[nodiscard]] const std::string& error_details() const noexcept { return error_details_; }

  /// "NOT_FOUND - User 9 not found", or "OK".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string details_;
  std::string error_details_;
};

/// A call of ours that did not end well. what() is status().to_string().
class TERN_API RpcError : public std::runtime_error {
 public:
  explicit RpcError(Status status) : std::runtime_error(status.to_string()), status_(std::move(status)) {}

  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] StatusCode code() const noexcept { return status_.code(); }
  [[nodiscard]] const std::string& details() const noexcept { return status_.details(); }

 private:
  Status status_;
};

/// A value, or the status that came in its place.
///
///   const tern::Result<User> user = co_await stub.GetUser(request).result();
///   show(user.value_or(kNobody));   // or: if (!user) log(user.status()); else show(*user);
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return status;` both read well.
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  /// `status` is not OK.
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Status& status() const noexcept { return status_; }

  /// Throws RpcError when the call failed. Of a temporary it is the value itself, not a reference that would dangle.
  T& value() & {
    if (!ok()) throw RpcError{status_};
    return *value_;
  }
  const T& value() const& {
    if (!ok()) throw RpcError{status_};
    return *value_;
  }
  T value() && {
    if (!ok()) throw RpcError{std::move(status_)};
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Returns the value, or `other` when there is none.
  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return value_.value_or(std::forward<U>(other));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    return std::move(value_).value_or(std::forward<U>(other));
  }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace tern
