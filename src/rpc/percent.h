// Percent-encoding of grpc-message: UTF-8 details as printable ASCII (gRPC over HTTP/2, "Percent-Byte-Unencoded").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::rpc {

/// Encodes blanks at the ends too, which a header field cannot have (RFC 9113 §8.2.1). A text that takes more than
/// `limit` bytes is cut behind its last whole character that fits.
std::string percent_encode(std::string_view text, std::size_t limit = SIZE_MAX);

/// What is no valid escape stays as it is: a peer's broken message is better shown than lost.
TERN_API std::string percent_decode(std::string_view text);

}  // namespace tern::rpc
