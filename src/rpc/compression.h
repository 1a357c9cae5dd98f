// Compresses and inflates a call's messages (gRPC over HTTP/2, "Message-Encoding").
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "tern/api.h"
#include "tern/detail/buffer.h"
#include "tern/rpc/compression.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

/// Everything that this side can read, as grpc-accept-encoding lists it.
inline constexpr std::string_view kAcceptedEncodings = "identity, deflate, gzip";

/// Nothing for a name that is not known.
TERN_API std::optional<Compression> parse_compression(std::string_view name) noexcept;

/// A message with its prefix (encode_message), compressed; as it was where that makes it no shorter.
TERN_API Buffer compress_message(Buffer message, Compression compression);

/// A compressed message without prefix, as it was before. RESOURCE_EXHAUSTED when it is longer than `limit` bytes, of
/// which no more than those are ever inflated; INTERNAL when it is broken. An empty one stays empty.
TERN_API Result<Buffer> inflate_message(const Buffer& message, Compression compression, std::size_t limit);

}  // namespace tern::rpc
