#include "user_rules.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "tern/telemetry/log_text.h"

namespace userchat {

user::v1::User found_or_abort(std::optional<user::v1::User> user, std::int64_t id) {
  if (!user) tern::ServerContext::abort(tern::StatusCode::kNotFound, "User " + std::to_string(id) + " not found");
  return *std::move(user);
}

void check_new_user(const user::v1::CreateUserRequest& request) {
  if (request.name().empty() || request.email().empty()) {
    tern::ServerContext::abort(tern::StatusCode::kInvalidArgument, "Name and email are required");
  }
}

void log_get(const user::v1::GetUserRequest& request) { spdlog::info("[GetUser] id={}", request.id()); }
void log_list(const char* method, const user::v1::ListUsersRequest& request) {
  spdlog::info("[{}] page_size={}", method, request.page_size());
}
void log_create(const user::v1::CreateUserRequest& request) {
  spdlog::info("[CreateUser] name={}", tern::telemetry::log_text(request.name()));
}

}  // namespace userchat
