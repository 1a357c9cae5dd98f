// What tern's servers here serve.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "arguments.h"
#include "chat/v1/chat.tern.h"
#include "tern/tern.h"
#include "user/v1/user.tern.h"

namespace bench {

class Users final : public user::v1::UserService::AsyncService {
 public:
  explicit Users(const Arguments& arguments) : arguments_(arguments), user_(sample(arguments)) {}

 private:
  tern::Task<user::v1::GetUserResponse> GetUser(tern::ServerContext& context,
                                                const user::v1::GetUserRequest& request) override {
    if (arguments_.wait.count() > 0) co_await tern::sleep(arguments_.wait);
    if (!arguments_.knows(request.id())) context.abort(tern::StatusCode::kNotFound, not_found(request.id()));
    user::v1::GetUserResponse response;
    *response.mutable_user() = user_;
    co_return response;
  }
  tern::Task<user::v1::CreateUserResponse> CreateUser(tern::ServerContext& /*context*/,
                                                      const user::v1::CreateUserRequest& request) override {
    user::v1::CreateUserResponse response;
    response.mutable_user()->set_name(request.name());
    co_return response;
  }
  tern::AsyncGenerator<user::v1::User> ListUsersStream(tern::ServerContext& /*context*/,
                                                       const user::v1::ListUsersRequest& request) override {
    for (int index = 0; index < request.page_size(); ++index) co_yield user_;
  }

  const Arguments& arguments_;
  user::v1::User user_;
};

class Chats final : public chat::v1::ChatService::AsyncService {
  tern::AsyncGenerator<chat::v1::ChatMessage> Chat(tern::ServerContext& /*context*/,
                                                   tern::Reader<chat::v1::ChatMessage>& messages) override {
    while (std::optional<chat::v1::ChatMessage> message = co_await messages.next()) {
      chat::v1::ChatMessage answer;
      answer.set_content("Echo: " + message->content());
      co_yield std::move(answer);
    }
  }
};

/// Ten payloads of 8 MiB at once are more than what a server holds for one connection by default.
inline tern::ServerOptions server_options() {
  return {.max_receive_message_length = kMaxMessageLength,
          .max_concurrent_streams = std::nullopt,
          .max_buffered_bytes_per_connection = std::size_t{1} << 30};
}

}  // namespace bench
