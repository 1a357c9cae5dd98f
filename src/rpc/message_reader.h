// Length-prefixed messages (gRPC over HTTP/2): a byte that says whether the message is compressed, its length as four
// bytes in network order, and the message. HTTP/2 cuts them anywhere; MessageReader puts them together again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "http2/buffer.h"
#include "tern/api.h"
#include "tern/rpc/message_count.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

inline constexpr std::size_t kPrefixBytes = 5;

/// Writes the prefix of a message of `size` bytes.
TERN_API void write_prefix(std::uint8_t* to, std::size_t size, bool compressed = false) noexcept;

class TERN_API MessageReader {
 public:
  /// `limit`: the longest message taken, in bytes.
  explicit MessageReader(std::size_t limit) noexcept : limit_(limit) {}

  /// Whether messages may be compressed: the peer has said how. Before that, a compressed one is an error.
  void allow_compressed() noexcept { compressed_allowed_ = true; }
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  /// Appends each message that `bytes` complete to `messages`, without prefix; compressed ones are marked. Not OK when
  /// the peer broke the rules or the limit; nothing more may then be given.
  Status receive(std::span<const std::uint8_t> bytes, BufferQueue& messages);

  /// Those that were complete, so far.
  [[nodiscard]] const MessageCount& count() const noexcept { return count_; }
  /// Bytes that are set aside for the message that has begun.
  [[nodiscard]] std::size_t allocated() const noexcept { return message_.size(); }
  /// How many of them have come.
  [[nodiscard]] std::size_t unfinished() const noexcept { return prefix_read_ == 0 ? 0 : message_read_; }
  /// Whether what was received so far ends with a message.
  [[nodiscard]] bool between_messages() const noexcept { return prefix_read_ == 0; }

 private:
  Status begin_message();

  std::size_t limit_;
  bool compressed_allowed_ = false;
  std::array<std::uint8_t, kPrefixBytes> prefix_{};
  std::size_t prefix_read_ = 0;
  Buffer message_;
  std::size_t message_read_ = 0;
  MessageCount count_;
};

}  // namespace tern::rpc
