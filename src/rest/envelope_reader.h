// EnvelopeReader: the messages in a body of envelopes (rest/envelope.h), whose bytes come in pieces of any length;
// gRPC-Web's text is base64 besides, cut anywhere and padded wherever the client had a piece ready.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http2/buffer.h"
#include "rpc/message_reader.h"
#include "tern/rpc/compression.h"

namespace tern::rest {

class EnvelopeReader {
 public:
  /// `coding` is that of the messages which are marked as compressed; `limit` is the longest message, in bytes, also
  /// after it is inflated.
  EnvelopeReader(bool text, Compression coding, std::size_t limit);

  /// The body's next piece. Throws RpcError when it is not well-formed, or a message is longer than the limit.
  void add(std::string_view piece);
  /// The body's end. Throws RpcError when it is inside of a message.
  void end();
  /// The next message, inflated; nothing when more of the body has to come first. Throws RpcError when the message
  /// cannot be inflated.
  std::optional<std::string> next();

  /// Bytes of a message that has begun.
  [[nodiscard]] std::size_t unfinished() const noexcept { return reader_.unfinished(); }

 private:
  void receive(std::string_view bytes);

  bool text_;
  Compression coding_;
  rpc::MessageReader reader_;
  std::string letters_;  // of base64, fewer than four
  BufferQueue complete_;
};

}  // namespace tern::rest
