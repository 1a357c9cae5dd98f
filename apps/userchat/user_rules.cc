#include "user_rules.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "tern/telemetry/log_text.h"

namespace userchat {

user::v1::User found_or_abort(std::optional<user::v1::User> user, std::int64_t id) {
  if (!user) tern::ServerContext::abort(tern::StatusCode::kNotFound, "User " + std::to_string(id) + " not found");
  return *std::move(user);
}

namespace {

[[noreturn]] void reject(const std::string& why) {
  tern::ServerContext::abort(tern::StatusCode::kInvalidArgument, why);
}

void check_length(const char* field, const std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  reject(std::string{field} + " has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(most) +
         " are allowed");
}

}  // namespace

void check_new_user(const user::v1::CreateUserRequest& request) {
  if (request.name().empty() || request.email().empty()) reject("Name and email are required");
  check_length("name", request.name(), kLongestName);
  check_length("email", request.email(), kLongestEmail);
}

Parts::Parts(const user::v1::ListUsersRequest& request)
    : left_(request.page_size() > 0 ? request.page_size() : std::numeric_limits<std::int64_t>::max()) {
  if (request.page_size() < 0) reject("page_size is negative");
  const std::string& token = request.page_token();
  const char* end = token.data() + token.size();
  const auto [read, problem] = std::from_chars(token.data(), end, next_.after);
  if (!token.empty() && (problem != std::errc{} || read != end)) {
    reject("page_token is not a next_page_token of ListUsers");
  }
  next_.size = std::min(left_, kPart);
}

void Parts::advance(std::size_t count, std::int64_t last, bool more) {
  left_ -= static_cast<std::int64_t>(count);
  next_ = {.after = last, .size = more ? std::min(left_, kPart) : 0};
}

void Parts::advance(const std::vector<user::v1::User>& users) {
  const bool more = std::cmp_equal(users.size(), next_.size);
  advance(users.size(), users.empty() ? next_.after : users.back().id(), more);
}

UserPage::UserPage(const user::v1::ListUsersRequest& request)
    : parts_(request),
      most_(request.page_size() > 0 ? request.page_size() : std::numeric_limits<std::int64_t>::max()) {}

// One more than fits tells whether there is another page.
Part UserPage::next() const {
  Part part = parts_.next();
  if (!response_.next_page_token().empty()) part.size = 0;
  if (part.size > 0) ++part.size;
  return part;
}

bool UserPage::fits(const user::v1::User& user) const {
  return response_.users_size() < most_ &&
         (response_.users_size() == 0 || bytes_ + user.ByteSizeLong() <= kMostPageBytes);
}

void UserPage::add(std::vector<user::v1::User> users) {
  const std::int64_t asked = parts_.next().size;
  const bool more = std::cmp_greater(users.size(), asked);
  for (user::v1::User& user : users) {
    if (!fits(user)) {
      response_.set_next_page_token(std::to_string(response_.users(response_.users_size() - 1).id()));
      return;
    }
    // The one more begins the next part.
    if (more && &user == &users.back()) break;
    bytes_ += user.ByteSizeLong();
    *response_.add_users() = std::move(user);
  }
  const std::int64_t last = response_.users_size() > 0 ? response_.users(response_.users_size() - 1).id() : 0;
  parts_.advance(std::min(users.size(), static_cast<std::size_t>(asked)), last, more);
}

void log_get(const user::v1::GetUserRequest& request) { spdlog::info("[GetUser] id={}", request.id()); }
void log_list(const char* method, const user::v1::ListUsersRequest& request) {
  spdlog::info("[{}] page_size={}", method, request.page_size());
}
void log_create(const user::v1::CreateUserRequest& request) {
  spdlog::info("[CreateUser] name={}", tern::telemetry::log_text(request.name()));
}

}  // namespace userchat
