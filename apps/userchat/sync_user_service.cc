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
  user::v1::ListUsersResponse response;
  for (User& user : users_.list(request.page_size())) *response.add_users() = std::move(user);
  return response;
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
  for (const User& user : users_.list(request.page_size())) {
    if (delays_.stream_step.count() > 0) std::this_thread::sleep_for(delays_.stream_step);
    responses.write(user);
  }
}

}  // namespace userchat
