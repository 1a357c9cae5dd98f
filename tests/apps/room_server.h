// A chat room on a server of its own, and a client of it in the same process.
#pragma once

#include <spdlog/spdlog.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat_room.h"
#include "tern/tern.h"

namespace userchat {

/// Lives on one loop. stop() comes before its end.
class RoomServer {
 public:
  using Stub = chat::v1::ChatRoom::Stub;
  using Listening = tern::ServerStreamCall<chat::v1::ChatMessage>;

  explicit RoomServer(std::unique_ptr<ChatRoomService> room) : room_(std::move(room)) {
    spdlog::set_level(spdlog::level::err);  // each message is a line otherwise
    server_.add_service(*room_);
    server_.listen(in_process_);
  }

  tern::Task<void> stop() {
    room_->close();
    co_await channel_.close();
    co_await server_.stop();
    co_await room_->close_database();
  }

  /// Returns when the server has let the listener in.
  tern::Task<Listening> listen(std::int64_t next = 0, chat::v1::WhenSlow when_slow = {}) {
    chat::v1::ListenRequest request;
    request.set_next(next);
    request.set_when_slow(when_slow);
    Listening call = stub_.Listen(request);
    metadata_ = co_await call.initial_metadata();
    co_return call;
  }
  /// The `chat-next` of the last listen().
  [[nodiscard]] std::int64_t first_of_last_listener() const {
    return std::stoll(std::string{metadata_.get("chat-next").value_or("-1")});
  }

  tern::Task<tern::Result<chat::v1::ChatMessage>> try_to_say(std::string content, std::string message_id = "") {
    chat::v1::ChatMessage message;
    message.set_user_id("somebody");
    message.set_content(std::move(content));
    message.set_message_id(std::move(message_id));
    co_return co_await stub_.Say(message, {.timeout = std::chrono::seconds{30}}).result();
  }
  /// The reply. Throws RpcError.
  tern::Task<chat::v1::ChatMessage> say(std::string content, std::string message_id = "") {
    tern::Result<chat::v1::ChatMessage> result = co_await try_to_say(std::move(content), std::move(message_id));
    co_return std::move(result).value();
  }

  /// The next `count` messages' contents, "lost N" before those after a gap. Checks that the numbers are in order.
  static tern::Task<std::vector<std::string>> read(Listening& listening, std::size_t count) {
    std::vector<std::string> contents;
    std::int64_t last = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<chat::v1::ChatMessage> message = co_await listening.next();
      if (!message) break;
      if (message->lost() > 0) contents.push_back("lost " + std::to_string(message->lost()));
      contents.push_back(message->content());
      if (last != 0 && message->number() != last + message->lost() + 1) contents.push_back("not in order");
      last = message->number();
    }
    co_return contents;
  }

 private:
  std::unique_ptr<ChatRoomService> room_;
  tern::InProcess in_process_;
  tern::Server server_;
  tern::Channel channel_{"room", {.in_process = &in_process_}};
  Stub stub_{channel_};
  tern::Metadata metadata_;
};

}  // namespace userchat
