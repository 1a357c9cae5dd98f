// Reader<T>: the messages that a client streams, read by an asynchronous handler.
//
//   while (std::optional<Chunk> chunk = co_await chunks.next()) …
#pragma once

#include <optional>

#include "tern/detail/server_call.h"

namespace tern {

template <class Message>
class Reader {
 public:
  explicit Reader(ServerCall& call) noexcept : call_(&call) {}

  class [[nodiscard]] Next final : public detail::ReadWait {
   public:
    explicit Next(ServerCall& call) noexcept : ReadWait(detail::stream_of(call)), call_(call) {}
    std::optional<Message> await_resume() {
      const std::optional<Buffer> bytes = ReadWait::await_resume();
      if (!bytes) return std::nullopt;
      std::optional<Message> message{std::in_place};
      detail::decode(call_, *bytes, *message);
      return message;
    }

   private:
    ServerCall& call_;
  };

  /// Awaits the next message; nothing when the client has sent its last. One at a time. When the call is cancelled,
  /// throws Cancelled.
  Next next() noexcept { return Next{*call_}; }

 private:
  ServerCall* call_;
};

}  // namespace tern
