#include "chat_service.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace userchat {

namespace {

using chat::v1::ChatMessage;

ChatMessage answer(const ChatMessage& message) {
  spdlog::info("Received: {}", message.content());
  ChatMessage reply;
  reply.set_user_id("server");
  reply.set_content("Echo: " + message.content());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  reply.set_timestamp(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  return reply;
}

}  // namespace

tern::AsyncGenerator<ChatMessage> AsyncChatService::Chat(tern::ServerContext& /*context*/,
                                                         tern::Reader<ChatMessage>& requests) {
  while (const std::optional<ChatMessage> message = co_await requests.next()) co_yield answer(*message);
}

void SyncChatService::Chat(tern::ServerContext& /*context*/, tern::BlockingReader<ChatMessage>& requests,
                           tern::BlockingWriter<ChatMessage>& responses) {
  while (const std::optional<ChatMessage> message = requests.next()) responses.write(answer(*message));
}

}  // namespace userchat
