#include "rpc/message_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstring>

namespace tern::rpc {

void write_prefix(std::uint8_t* to, std::size_t size, bool compressed) noexcept {
  to[0] = compressed ? 1 : 0;
  boost::endian::store_big_u32(to + 1, static_cast<std::uint32_t>(size));
}

Status MessageReader::receive(std::span<const std::uint8_t> bytes, BufferQueue& messages) {
  // Most messages come as a whole, and not compressed.
  while (prefix_read_ == 0 && bytes.size() >= kPrefixBytes && bytes[0] == 0) {
    const std::size_t size = boost::endian::load_big_u32(bytes.data() + 1);
    if (size > limit_ || size > bytes.size() - kPrefixBytes) break;
    messages.push(Buffer::copy_of(bytes.subspan(kPrefixBytes, size)));
    count_.add(size);
    bytes = bytes.subspan(kPrefixBytes + size);
  }
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
  const std::size_t size = boost::endian::load_big_u32(prefix_.data() + 1);
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
