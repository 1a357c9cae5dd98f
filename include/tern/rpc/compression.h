// How messages are compressed on the wire (gRPC over HTTP/2, "Message-Encoding"; grpc/doc/compression.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "tern/api.h"

namespace tern {

enum class Compression : std::uint8_t { kIdentity, kDeflate, kGzip };

/// What a writer says of one message.
struct WriteOptions {
  /// False: this message goes out as it is, in a call that compresses.
  bool compress = true;
};

/// "identity", "deflate", "gzip".
TERN_API std::string_view name_of(Compression compression) noexcept;

}  // namespace tern
