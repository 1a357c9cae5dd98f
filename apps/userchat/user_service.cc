#include "user_service.h"

#include <utility>

namespace userchat {

tern::Task<user::v1::GetUserResponse> AsyncUserService::GetUser(tern::ServerContext& /*context*/,
                                                                const user::v1::GetUserRequest& request) {
  log_get(request);
  if (delays_.lookup.count() > 0) co_await tern::sleep(delays_.lookup);
  std::optional<User> user = co_await users_.find(request.id());
  user::v1::GetUserResponse response;
  *response.mutable_user() = found_or_abort(std::move(user), request.id());
  co_return response;
}

tern::Task<user::v1::ListUsersResponse> AsyncUserService::ListUsers(tern::ServerContext& /*context*/,
                                                                    const user::v1::ListUsersRequest& request) {
  log_list("ListUsers", request);
  UserPage page{request};
  for (Part part = page.next(); part.size > 0; part = page.next()) {
    std::vector<User> users = co_await users_.list(part.after, part.size);
    page.add(std::move(users));
  }
  co_return std::move(page).take();
}

tern::Task<user::v1::CreateUserResponse> AsyncUserService::CreateUser(tern::ServerContext& /*context*/,
                                                                      const user::v1::CreateUserRequest& request) {
  log_create(request);
  check_new_user(request);
  user::v1::CreateUserResponse response;
  *response.mutable_user() = co_await users_.create(request.name(), request.email());
  co_return response;
}

tern::AsyncGenerator<User> AsyncUserService::ListUsersStream(tern::ServerContext& /*context*/,
                                                             const user::v1::ListUsersRequest& request) {
  log_list("ListUsersStream", request);
  Parts parts{request};
  for (Part part = parts.next(); part.size > 0; part = parts.next()) {
    const std::vector<User> users = co_await users_.list(part.after, part.size);
    for (const User& user : users) {
      if (delays_.stream_step.count() > 0) co_await tern::sleep(delays_.stream_step);
      co_yield user;
    }
    parts.advance(users);
  }
}

}  // namespace userchat
