// The rules of the user service, the same for its asynchronous and its synchronous version.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tern/server/server_context.h"
#include "user/v1/user.pb.h"

namespace userchat {

/// What the document simulates: time that a real service would wait for a database or another service.
struct Delays {
  std::chrono::nanoseconds lookup = std::chrono::milliseconds{10};
  std::chrono::nanoseconds stream_step = std::chrono::milliseconds{100};
};

/// In bytes of UTF-8; said in user.proto. One user cannot make a list of users too long for everybody.
inline constexpr std::size_t kLongestName = 1024;
/// A local part of 64, "@" and a domain of 255 (RFC 5321 §4.5.3.1).
inline constexpr std::size_t kLongestEmail = 320;
/// Bytes of the users in a response of ListUsers, beyond which the page ends: below the 4 MiB that clients of gRPC take
/// unless they are told otherwise, also where another program stored longer names.
inline constexpr std::size_t kMostPageBytes = std::size_t{2} * 1024 * 1024;
/// Users that a repository is asked for at once.
inline constexpr std::int64_t kPart = 1000;

/// The user, or NOT_FOUND.
user::v1::User found_or_abort(std::optional<user::v1::User> user, std::int64_t id);

/// INVALID_ARGUMENT for what may not be stored.
void check_new_user(const user::v1::CreateUserRequest& request);

/// A part of the users in order of their ids.
struct Part {
  std::int64_t after = 0;  // the last id of the part before
  std::int64_t size = 0;   // at most
};

/// The parts that a request asks for one after the other, so that a large table is never in memory as a whole.
class Parts {
 public:
  /// INVALID_ARGUMENT for a negative page_size, or a page token that is not one of ours.
  explicit Parts(const user::v1::ListUsersRequest& request);

  /// Size 0 after the last part.
  [[nodiscard]] Part next() const noexcept { return next_; }
  /// The repository has returned `count` users for next(), the last of which has the id `last`, and may have more.
  void advance(std::size_t count, std::int64_t last, bool more);
  /// The repository has returned `users` for next(). It may have more if it returned as many as it was asked for.
  void advance(const std::vector<user::v1::User>& users);

 private:
  Part next_;
  std::int64_t left_ = 0;
};

/// A response of ListUsers, filled part by part.
class UserPage {
 public:
  /// INVALID_ARGUMENT as for Parts.
  explicit UserPage(const user::v1::ListUsersRequest& request);

  /// The users to ask the repository for. Size 0: the page is complete.
  [[nodiscard]] Part next() const;
  /// Adds what it returned.
  void add(std::vector<user::v1::User> users);
  [[nodiscard]] user::v1::ListUsersResponse take() && { return std::move(response_); }

 private:
  [[nodiscard]] bool fits(const user::v1::User& user) const;
  Parts parts_;
  std::int64_t most_;
  std::size_t bytes_ = 0;
  user::v1::ListUsersResponse response_;
};

/// One line for each call, at level info.
void log_get(const user::v1::GetUserRequest& request);
void log_list(const char* method, const user::v1::ListUsersRequest& request);
void log_create(const user::v1::CreateUserRequest& request);

}  // namespace userchat
