#include "rpc/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "rpc/message_reader.h"

namespace tern::rpc {

namespace {

std::size_t size_of(MessageRef message) {
  return message.raw() != nullptr ? message.raw()->bytes.size() : message.message()->ByteSizeLong();
}

}  // namespace

Buffer encode_message(MessageRef message, std::size_t limit) {
  const std::size_t size = size_of(message);
  if (size > limit || size > std::numeric_limits<std::int32_t>::max()) return {};
  Buffer buffer = Buffer::allocate(kPrefixBytes + size);
  write_prefix(buffer.data(), size);
  if (message.raw() != nullptr) {
    std::copy(message.raw()->bytes.begin(), message.raw()->bytes.end(), buffer.data() + kPrefixBytes);
  } else {
    static_cast<void>(message.message()->SerializeWithCachedSizesToArray(buffer.data() + kPrefixBytes));
  }
  return buffer;
}

Status too_long_to_send(MessageRef message, std::size_t limit) {
  return Status{StatusCode::kResourceExhausted,
                fmt::format("message to send is larger than max ({} vs. {} bytes): raise max_send_message_length",
                            size_of(message), limit)};
}

Status decode_message(const Buffer& bytes, google::protobuf::MessageLite& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return {};
  return Status{StatusCode::kInternal,
                fmt::format("could not parse {} bytes as a {}", bytes.size(), message.GetTypeName())};
}

Status decode_message(const Buffer& bytes, RawMessage& message) {
  message.bytes.assign(bytes.text());
  return {};
}

}  // namespace tern::rpc
