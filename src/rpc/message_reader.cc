#include "rpc/message_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tern::rpc {

void write_prefix(std::uint8_t* to, std::size_t size, bool compressed) noexcept {
  to[0] = compressed ? 1 : 0;
  to[1] = static_cast<std::uint8_t>(size >> 24);
  to[2] = static_cast<std::uint8_t>(size >> 16);
  to[3] = static_cast<std::uint8_t>(size >> 8);
  to[4] = static_cast<std::uint8_t>(size);
}

Status MessageReader::receive(std::span<const std::uint8_t> bytes, BufferQueue& messages) {
  while (!bytes.empty()) {
    if (prefix_read_ < kPrefixBytes) {
      const std::size_t part = std::min(bytes.size(), kPrefixBytes - prefix_read_);
      std::memcpy(prefix_.data() + prefix_read_, bytes.data(), part);
      prefix_read_ += part;
      bytes = bytes.subspan(part);
      if (prefix_read_ < kPrefixBytes) break;
      if (Status status = begin_message(); !status.ok()) return status;
    }
    const std::size_t part = std::min(bytes.size(), message_.size() - message_read_);
    if (part > 0) std::memcpy(message_.data() + message_read_, bytes.data(), part);
    message_read_ += part;
    bytes = bytes.subspan(part);
    if (message_read_ < message_.size()) break;
    count_.add(message_.size());
    messages.push(std::move(message_));
    prefix_read_ = 0;
  }
  return {};
}

Status MessageReader::begin_message() {
  const bool compressed = prefix_[0] == 1;
  if (compressed && !compressed_allowed_) {
    return Status{StatusCode::kInternal,
                  "received a compressed message, but no encoding was agreed on (grpc-encoding)"};
  }
  if (prefix_[0] > 1) {
    return Status{StatusCode::kInternal, fmt::format("received a message with flags {:#x}: not gRPC", prefix_[0])};
  }
  const std::size_t size = (std::size_t{prefix_[1]} << 24) | (std::size_t{prefix_[2]} << 16) |
                           (std::size_t{prefix_[3]} << 8) | std::size_t{prefix_[4]};
  if (size > limit_) {
    return Status{StatusCode::kResourceExhausted,
                  fmt::format("received message larger than max ({} vs. {} bytes): raise max_receive_message_length",
                              size, limit_)};
  }
  message_ = Buffer::allocate(size);
  if (compressed) message_.mark();
  message_read_ = 0;
  return {};
}

}  // namespace tern::rpc
