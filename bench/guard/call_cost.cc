// call_cost KIND COUNT: makes so many calls, or messages of one stream, of a server on a thread of its own, and nothing
// else; bench/instructions counts what each of the two threads executes. The client is the first thread.
#include <fmt/format.h>

#include <cstdio>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "chat/v1/chat.tern.h"
#include "tern/tern.h"
#include "user/v1/user.tern.h"

namespace {

using namespace user::v1;
using chat::v1::ChatMessage;
using chat::v1::ChatService;

constexpr int kAtOnce = 100;

class Users final : public UserService::AsyncService {
  tern::Task<GetUserResponse> GetUser(tern::ServerContext& /*context*/, const GetUserRequest& request) override {
    GetUserResponse response;
    response.mutable_user()->set_id(request.id());
    response.mutable_user()->set_name("Alice");
    response.mutable_user()->set_email("alice@example.com");
    co_return response;
  }
  tern::AsyncGenerator<User> ListUsersStream(tern::ServerContext& /*context*/,
                                             const ListUsersRequest& request) override {
    User user;
    user.set_name("Alice");
    user.set_email("alice@example.com");
    for (int index = 0; index < request.page_size(); ++index) co_yield user;
  }
};

class Chats final : public ChatService::AsyncService {
  tern::AsyncGenerator<ChatMessage> Chat(tern::ServerContext& /*context*/,
                                         tern::Reader<ChatMessage>& messages) override {
    while (std::optional<ChatMessage> message = co_await messages.next()) {
      ChatMessage answer;
      answer.set_content(message->content());
      co_yield std::move(answer);
    }
  }
};

tern::Task<void> serve(std::promise<std::string>& target) {
  Users users;
  Chats chats;
  tern::Server server;
  server.add_service(users);
  server.add_service(chats);
  const int port = server.listen("127.0.0.1:0");
  target.set_value(fmt::format("127.0.0.1:{}", port));
  co_await server.wait_for_termination();
}

tern::Task<void> calls(tern::Channel& channel, int count) {
  const UserService::Stub stub{channel};
  GetUserRequest request;
  request.set_id(1);
  for (int i = 0; i < count; ++i) {
    const GetUserResponse response = co_await stub.GetUser(request);
    if (response.user().id() != 1) throw std::runtime_error{"a wrong answer"};
  }
}

tern::Task<void> calls_at_once(tern::Channel& channel, int count) {
  tern::TaskGroup group;
  for (int i = 0; i < kAtOnce; ++i) group.spawn(calls(channel, count / kAtOnce));
  co_await group.join();
}

tern::Task<void> server_stream(tern::Channel& channel, int count) {
  const UserService::Stub stub{channel};
  ListUsersRequest request;
  request.set_page_size(count);
  auto users = stub.ListUsersStream(request);
  int received = 0;
  while (std::optional<User> user = co_await users.next()) ++received;
  if (received != count) throw std::runtime_error{"messages are missing"};
}

tern::Task<void> ping_pong(tern::Channel& channel, int count) {
  const ChatService::Stub stub{channel};
  ChatMessage message;
  message.set_content("ping");
  auto chat = stub.Chat();
  for (int i = 0; i < count; ++i) {
    co_await chat.write(message);
    const std::optional<ChatMessage> answer = co_await chat.next();
    if (!answer) throw std::runtime_error{"messages are missing"};
  }
  co_await chat.done_writing();
  while (std::optional<ChatMessage> answer = co_await chat.next()) {
  }
}

using Work = tern::Task<void> (*)(tern::Channel&, int);

tern::Task<int> run(std::string target, Work work, int count) {
  tern::Channel channel{std::move(target)};
  co_await work(channel, count);
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string_view, Work> kinds{{"unary", calls},
                                               {"unary_100_at_once", calls_at_once},
                                               {"server_stream", server_stream},
                                               {"ping_pong", ping_pong}};
  const auto kind = argc == 3 ? kinds.find(argv[1]) : kinds.end();
  if (kind == kinds.end()) {
    std::fputs("usage: call_cost unary|unary_100_at_once|server_stream|ping_pong COUNT\n", stderr);
    return 2;
  }
  std::promise<std::string> target;
  std::thread server{[&target] { tern::run(serve(target)); }};
  server.detach();  // it serves as long as the process lives
  const int result = tern::run(run(target.get_future().get(), kind->second, std::atoi(argv[2])));
  std::quick_exit(result);  // without what the server's thread still uses
}
