// BlockingReader<T> and BlockingWriter<T>: the streams of synchronous handlers, which may block.
#pragma once

#include <memory>
#include <optional>

#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/server_call.h"
#include "tern/server/reader.h"
#include "tern/server/server_context.h"

namespace tern {

/// The messages that a client streams, read by a synchronous handler.
template <class Message>
class BlockingReader {
 public:
  explicit BlockingReader(ServerCall& call) : call_(call), bridge_(detail::bridge_of(call)) {}

  /// Blocks for the next message; nothing when the client has sent its last. Throws Cancelled when the call is
  /// cancelled: let it pass.
  std::optional<Message> next() {
    std::optional<Message> message = bridge_->run(read(call_));
    if (!message && detail::context_of(call_).cancelled()) throw Cancelled{};
    return message;
  }

 private:
  static Task<std::optional<Message>> read(ServerCall& call) {
    Reader<Message> reader{call};
    co_return co_await reader.next();
  }
  ServerCall& call_;
  std::shared_ptr<BlockingBridge> bridge_;
};

/// Sends messages from a synchronous handler.
template <class Message>
class BlockingWriter {
 public:
  explicit BlockingWriter(ServerCall& call) : call_(call), bridge_(detail::bridge_of(call)) {}

  /// Blocks while the client is behind. Throws Cancelled when the call is cancelled: let it pass.
  void write(const Message& message) {
    if (!bridge_->run(send(call_, message))) throw Cancelled{};
  }

 private:
  static Task<bool> send(ServerCall& call, const Message& message) { co_return co_await detail::write(call, message); }
  ServerCall& call_;
  std::shared_ptr<BlockingBridge> bridge_;
};

}  // namespace tern
