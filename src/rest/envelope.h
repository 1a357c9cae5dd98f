// Envelopes, as gRPC-Web and Connect's streams frame messages: a byte of flags, the content's length in four bytes, and
// the content. gRPC's length-prefixed messages have the same shape (tern/rpc/message_reader.h reads them).
#pragma once

#include <cstdint>
#include <string_view>

#include "http2/buffer.h"

namespace tern::rest {

/// The lowest bit of the flags.
inline constexpr std::uint8_t kCompressedEnvelope = 0x01;

Buffer envelope(std::uint8_t flags, std::string_view content);

}  // namespace tern::rest
