// UserService as coroutines.
#pragma once

#include "user/v1/user.tern.h"
#include "user_repository.h"
#include "user_rules.h"

namespace userchat {

class AsyncUserService final : public user::v1::UserService::AsyncService {
 public:
  AsyncUserService(UserRepository& users, Delays delays) : users_(users), delays_(delays) {}

  tern::Task<user::v1::GetUserResponse> GetUser(tern::ServerContext& context,
                                                const user::v1::GetUserRequest& request) override;
  tern::Task<user::v1::ListUsersResponse> ListUsers(tern::ServerContext& context,
                                                    const user::v1::ListUsersRequest& request) override;
  tern::Task<user::v1::CreateUserResponse> CreateUser(tern::ServerContext& context,
                                                      const user::v1::CreateUserRequest& request) override;
  tern::AsyncGenerator<User> ListUsersStream(tern::ServerContext& context,
                                             const user::v1::ListUsersRequest& request) override;

 private:
  UserRepository& users_;
  Delays delays_;
};

}  // namespace userchat
