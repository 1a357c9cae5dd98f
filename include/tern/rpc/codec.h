// Protobuf messages to and from the bytes of a call.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstddef>

#include "tern/http2/buffer.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

/// Serialises `message`, once, behind its length prefix. RESOURCE_EXHAUSTED when it is longer than `limit` bytes.
Result<Buffer> encode_message(const google::protobuf::MessageLite& message, std::size_t limit);

/// INTERNAL when the bytes are not of such a message.
Status decode_message(const Buffer& bytes, google::protobuf::MessageLite& message);

}  // namespace tern::rpc
