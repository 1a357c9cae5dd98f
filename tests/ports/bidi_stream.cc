// A stream each way: the document's chat. Reading and writing go on beside each other.
#include <fmt/core.h>

#include "chat/v1/chat.tern.h"
#include "tern/tern.h"

using namespace chat::v1;
using namespace std::chrono_literals;

class Echo final : public ChatService::AsyncService {
  tern::AsyncGenerator<ChatMessage> Chat(tern::ServerContext& /*context*/,
                                         tern::Reader<ChatMessage>& requests) override {
    while (auto message = co_await requests.next()) {
      fmt::print("Received: {}\n", message->content());
      message->set_content("Echo: " + message->content());
      co_yield *message;
    }
  }
};

tern::AsyncGenerator<ChatMessage> messages() {
  for (const char* content : {"안녕", "반가워", "잘가"}) {
    co_yield tern::make<ChatMessage>([content](auto& message) { message.set_content(content); });
    co_await tern::sleep(100ms);
  }
}

tern::Task<void> run() {
  Echo echo;
  tern::Server server;
  server.add_service(echo);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const ChatService::Stub stub{channel};
  auto replies = stub.Chat(messages());
  while (const auto reply = co_await replies.next()) fmt::print("Server: {}\n", reply->content());

  auto call = stub.Chat();
  co_await call.write(tern::make<ChatMessage>([](auto& message) { message.set_content("하나"); }));
  const auto reply = co_await call.next();
  fmt::print("Server: {}\n", reply->content());
  co_await call.done_writing();

  co_await server.stop();
}

int main() { return tern::run(run()); }
