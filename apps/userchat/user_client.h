// AsyncUserClient: the user service as a C++ program would call it. Each call has a timeout of 5 seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

namespace userchat {

/// Made in a task, and closed when its scope is left.
class AsyncUserClient {
 public:
  static constexpr std::chrono::seconds kTimeout{5};

  explicit AsyncUserClient(std::string target) : channel_(std::move(target)), stub_(channel_) {}

  /// Waits until there is a connection; throws tern::RpcError. Not needed: the first call connects.
  tern::Task<void> connect() { return channel_.connect(); }
  /// Ends what runs and waits until the connections are closed.
  tern::Task<void> close() { return channel_.close(); }

  /// Each throws tern::RpcError.
  tern::Task<user::v1::User> get_user(std::int64_t id);
  tern::Task<std::vector<user::v1::User>> list_users(std::int32_t page_size = 10);
  tern::Task<user::v1::User> create_user(std::string name, std::string email);
  /// The users as they come; `request` may be dropped at once.
  tern::ServerStreamCall<user::v1::User> list_users_stream(std::int32_t page_size = 0);

  [[nodiscard]] tern::Channel& channel() noexcept { return channel_; }

 private:
  tern::Channel channel_;
  user::v1::UserService::Stub stub_;
};

}  // namespace userchat
