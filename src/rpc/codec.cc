#include "tern/rpc/codec.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>

#include "tern/rpc/message_reader.h"

namespace tern::rpc {

Result<Buffer> encode_message(const google::protobuf::MessageLite& message, std::size_t limit) {
  const std::size_t size = message.ByteSizeLong();
  if (size > limit || size > std::numeric_limits<std::int32_t>::max()) {
    return Status{StatusCode::kResourceExhausted,
                  fmt::format("message to send is larger than max ({} vs. {} bytes): raise max_send_message_length",
                              size, limit)};
  }
  Buffer buffer = Buffer::allocate(kPrefixBytes + size);
  write_prefix(buffer.data(), size);
  message.SerializeWithCachedSizesToArray(buffer.data() + kPrefixBytes);
  return buffer;
}

Status decode_message(const Buffer& bytes, google::protobuf::MessageLite& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return {};
  return Status{StatusCode::kInternal,
                fmt::format("could not parse {} bytes as a {}", bytes.size(), message.GetTypeName())};
}

}  // namespace tern::rpc
