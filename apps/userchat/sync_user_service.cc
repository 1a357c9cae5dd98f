#include "sync_user_service.h"

#include <thread>
#include <utility>

namespace userchat {

user::v1::GetUserResponse SyncUserService::GetUser(tern::ServerContext& /*context*/,
                                                   const user::v1::GetUserRequest& request) {
  log_get(request);
  if (delays_.lookup.count() > 0) std::this_thread::sleep_for(delays_.lookup);
  user::v1::GetUserResponse response;
  *response.mutable_user() = found_or_abort(users_.find(request.id()), request.id());
  return response;
}

user::v1::ListUsersResponse SyncUserService::ListUsers(tern::ServerContext& /*context*/,
                                                       const user::v1::ListUsersRequest& request) {
  log_list("ListUsers", request);
  UserPage page{request};
  for (Part part = page.next(); part.size > 0; part = page.next()) page.add(users_.list(part.after, part.size));
  return std::move(page).take();
}

user::v1::CreateUserResponse SyncUserService::CreateUser(tern::ServerContext& /*context*/,
                                                         const user::v1::CreateUserRequest& request) {
  log_create(request);
  check_new_user(request);
  user::v1::CreateUserResponse response;
  *response.mutable_user() = users_.create(request.name(), request.email());
  return response;
}

void SyncUserService::ListUsersStream(tern::ServerContext& /*context*/, const user::v1::ListUsersRequest& request,
                                      tern::BlockingWriter<User>& responses) {
  log_list("ListUsersStream", request);
  Parts parts{request};
  for (Part part = parts.next(); part.size > 0; part = parts.next()) {
    const std::vector<User> users = users_.list(part.after, part.size);
    for (const User& user : users) {
      if (delays_.stream_step.count() > 0) std::this_thread::sleep_for(delays_.stream_step);
      responses.write(user);
    }
    parts.advance(users);
  }
}

}  // namespace userchat
