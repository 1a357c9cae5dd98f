// Messages to and from the bytes of a call: protobuf's, or bytes as they are (generic calls).
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstddef>

#include "tern/api.h"
#include "tern/detail/buffer.h"
#include "tern/rpc/message_ref.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

/// Serialises `message`, once, behind its length prefix. Empty when the message is longer than `limit` bytes.
Buffer encode_message(MessageRef message, std::size_t limit);
/// RESOURCE_EXHAUSTED, for a message that encode_message() did not take.
Status too_long_to_send(MessageRef message, std::size_t limit);

/// INTERNAL when the bytes are not of such a message.
Status decode_message(const Buffer& bytes, google::protobuf::MessageLite& message);
TERN_API Status decode_message(const Buffer& bytes, RawMessage& message);

}  // namespace tern::rpc
