// The rules of the user service, the same for its asynchronous and its synchronous version.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tern/server/server_context.h"
#include "user/v1/user.pb.h"

namespace userchat {

/// What the document simulates: time that a real service would wait for a database or another service.
struct Delays {
  std::chrono::nanoseconds lookup = std::chrono::milliseconds{10};
  std::chrono::nanoseconds stream_step = std::chrono::milliseconds{100};
};

/// The user, or NOT_FOUND.
user::v1::User found_or_abort(std::optional<user::v1::User> user, std::int64_t id);

/// INVALID_ARGUMENT for what may not be stored.
void check_new_user(const user::v1::CreateUserRequest& request);

/// One line for each call, at level info.
void log_get(const user::v1::GetUserRequest& request);
void log_list(const char* method, const user::v1::ListUsersRequest& request);
void log_create(const user::v1::CreateUserRequest& request);

}  // namespace userchat
