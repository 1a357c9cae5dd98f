// ChatService, as coroutines and as plain functions.
#pragma once

#include "chat/v1/chat.tern.h"

namespace userchat {

/// How the server answers a message; it is printed, too.
chat::v1::ChatMessage echo_of(const chat::v1::ChatMessage& message);

class AsyncChatService final : public chat::v1::ChatService::AsyncService {
 public:
  tern::AsyncGenerator<chat::v1::ChatMessage> Chat(tern::ServerContext& context,
                                                   tern::Reader<chat::v1::ChatMessage>& requests) override;
};

class SyncChatService final : public chat::v1::ChatService::SyncService {
 public:
  void Chat(tern::ServerContext& context, tern::BlockingReader<chat::v1::ChatMessage>& requests,
            tern::BlockingWriter<chat::v1::ChatMessage>& responses) override;
};

}  // namespace userchat
