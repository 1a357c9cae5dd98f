// UserService as plain functions that may block.
#pragma once

#include "user/v1/user.tern.h"
#include "user_repository.h"
#include "user_rules.h"

namespace userchat {

class SyncUserService final : public user::v1::UserService::SyncService {
 public:
  SyncUserService(BlockingUserRepository& users, Delays delays) : users_(users), delays_(delays) {}

  user::v1::GetUserResponse GetUser(tern::ServerContext& context, const user::v1::GetUserRequest& request) override;
  user::v1::ListUsersResponse ListUsers(tern::ServerContext& context,
                                        const user::v1::ListUsersRequest& request) override;
  user::v1::CreateUserResponse CreateUser(tern::ServerContext& context,
                                          const user::v1::CreateUserRequest& request) override;
  void ListUsersStream(tern::ServerContext& context, const user::v1::ListUsersRequest& request,
                       tern::BlockingWriter<User>& responses) override;

 private:
  BlockingUserRepository& users_;
  Delays delays_;
};

}  // namespace userchat
