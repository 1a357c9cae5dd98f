#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "arguments.h"
#include "chat/v1/chat.tern.h"
#include "tern/tern.h"
#include "user/v1/user.tern.h"

namespace {

using namespace user::v1;

class Users final : public UserService::AsyncService {
 public:
  explicit Users(const bench::Arguments& arguments) : arguments_(arguments), user_(bench::sample(arguments)) {}

 private:
  tern::Task<GetUserResponse> GetUser(tern::ServerContext& context, const GetUserRequest& request) override {
    if (arguments_.wait.count() > 0) co_await tern::sleep(arguments_.wait);
    if (!arguments_.knows(request.id())) context.abort(tern::StatusCode::kNotFound, bench::not_found(request.id()));
    GetUserResponse response;
    *response.mutable_user() = user_;
    co_return response;
  }
  tern::Task<CreateUserResponse> CreateUser(tern::ServerContext& /*context*/,
                                            const CreateUserRequest& request) override {
    CreateUserResponse response;
    response.mutable_user()->set_name(request.name());
    co_return response;
  }
  tern::AsyncGenerator<User> ListUsersStream(tern::ServerContext& /*context*/,
                                             const ListUsersRequest& request) override {
    for (int index = 0; index < request.page_size(); ++index) co_yield user_;
  }

  const bench::Arguments& arguments_;
  User user_;
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

tern::Task<void> serve(const bench::Arguments& arguments) {
  Users users{arguments};
  Chats chat;
  std::optional<tern::ServerTls> tls;
  if (arguments.tls()) tls.emplace(tern::ServerTlsOptions{arguments.certificate, arguments.key});
  // Ten payloads of 8 MiB at once are more than what a server holds for one connection by default.
  tern::Server server{{.max_receive_message_length = bench::kMaxMessageLength,
                       .max_concurrent_streams = 1U << 30,
                       .max_buffered_bytes_per_connection = std::size_t{1} << 30}};
  server.add_service(users);
  server.add_service(chat);
  server.listen(arguments.address(), {.tls = tls ? &*tls : nullptr});
  co_await server.wait_for_termination();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments = bench::read_arguments(argc, argv);
  const char* busy_poll = std::getenv("BUSY_POLL_US");
  return tern::run(serve(arguments), {.threads = arguments.threads,
                                      .busy_poll = std::chrono::microseconds{busy_poll ? std::atoi(busy_poll) : 0}});
}
