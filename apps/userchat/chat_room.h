// ChatRoom: what one says, all who listen hear, on whichever loop each of them is.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "chat/v1/chat.tern.h"
#include "chat_backlog.h"
#include "tern/async.h"

namespace userchat {

/// In bytes of UTF-8; said in chat.proto.
inline constexpr std::size_t kLongestUserId = 256;
inline constexpr std::size_t kLongestContent = std::size_t{1024} * 1024;

class ChatRoomService final : public chat::v1::ChatRoom::AsyncService {
 public:
  explicit ChatRoomService(ChatRoomLimits limits = {}) : backlog_(limits) {}

  tern::Task<chat::v1::ChatMessage> Say(tern::ServerContext& context, const chat::v1::ChatMessage& request) override;
  tern::AsyncGenerator<chat::v1::ChatMessage> Listen(tern::ServerContext& context,
                                                     const chat::v1::ListenRequest& request) override;

  /// Nobody listens any more: the server stops. From any loop.
  void close();

 private:
  struct Listener;
  struct Sayer;
  class Seat;

  /// Waits while the backlog is full of messages that listeners still read.
  tern::Task<void> tell(ChatBacklog::Message message);
  std::optional<ChatBacklog::Time> try_to_tell(const ChatBacklog::Message& message,
                                               const std::shared_ptr<Sayer>& sayer);
  void wake_listeners();
  void wake_sayers();

  std::mutex mutex_;  // of all below
  ChatBacklog backlog_;
  std::list<std::shared_ptr<Listener>> listeners_;
  std::vector<std::shared_ptr<Sayer>> sayers_;  // that wait for room
  bool closed_ = false;
};

}  // namespace userchat
