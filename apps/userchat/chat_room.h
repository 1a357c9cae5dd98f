// ChatRoom: what one says, all who listen hear, on whichever loop each of them is.
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "chat/v1/chat.tern.h"
#include "tern/async.h"

namespace userchat {

class ChatRoomService final : public chat::v1::ChatRoom::AsyncService {
 public:
  tern::Task<chat::v1::ChatMessage> Say(tern::ServerContext& context, const chat::v1::ChatMessage& request) override;
  tern::AsyncGenerator<chat::v1::ChatMessage> Listen(tern::ServerContext& context,
                                                     const chat::v1::ListenRequest& request) override;

  /// Nobody listens any more: the server stops. From any loop.
  void close();

 private:
  struct Listener;
  class Seat;

  void tell(const chat::v1::ChatMessage& message);

  std::mutex mutex_;
  std::list<std::shared_ptr<Listener>> listeners_;
  bool closed_ = false;
};

}  // namespace userchat
