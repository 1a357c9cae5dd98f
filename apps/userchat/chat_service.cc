#include "chat_service.h"

#include <spdlog/spdlog.h>

#include "tern/telemetry/log_text.h"
#include "wall_clock.h"

namespace userchat {

using chat::v1::ChatMessage;

ChatMessage echo_of(const ChatMessage& message) {
  spdlog::info("Received: {}", tern::telemetry::log_text(message.content()));
  ChatMessage reply;
  reply.set_user_id("server");
  reply.set_content("Echo: " + message.content());
  reply.set_timestamp(milliseconds_since_1970());
  return reply;
}

tern::AsyncGenerator<ChatMessage> AsyncChatService::Chat(tern::ServerContext& /*context*/,
                                                         tern::Reader<ChatMessage>& requests) {
  while (const std::optional<ChatMessage> message = co_await requests.next()) co_yield echo_of(*message);
}

void SyncChatService::Chat(tern::ServerContext& /*context*/, tern::BlockingReader<ChatMessage>& requests,
                           tern::BlockingWriter<ChatMessage>& responses) {
  while (const std::optional<ChatMessage> message = requests.next()) responses.write(echo_of(*message));
}

}  // namespace userchat
