#include "user_client.h"

#include <utility>

namespace userchat {

tern::Task<user::v1::User> AsyncUserClient::get_user(std::int64_t id) {
  user::v1::GetUserRequest request;
  request.set_id(id);
  user::v1::GetUserResponse response = co_await stub_.GetUser(request, {.timeout = kTimeout});
  co_return std::move(*response.mutable_user());
}

tern::Task<std::vector<user::v1::User>> AsyncUserClient::list_users(std::int32_t page_size) {
  user::v1::ListUsersRequest request;
  request.set_page_size(page_size);
  user::v1::ListUsersResponse response = co_await stub_.ListUsers(request, {.timeout = kTimeout});
  co_return std::vector<user::v1::User>{std::make_move_iterator(response.mutable_users()->begin()),
                                        std::make_move_iterator(response.mutable_users()->end())};
}

tern::Task<user::v1::User> AsyncUserClient::create_user(std::string name, std::string email) {
  user::v1::CreateUserRequest request;
  request.set_name(std::move(name));
  request.set_email(std::move(email));
  user::v1::CreateUserResponse response = co_await stub_.CreateUser(request, {.timeout = kTimeout});
  co_return std::move(*response.mutable_user());
}

tern::ServerStreamCall<user::v1::User> AsyncUserClient::list_users_stream(std::int32_t page_size) {
  user::v1::ListUsersRequest request;
  request.set_page_size(page_size);
  return stub_.ListUsersStream(request);
}

}  // namespace userchat
