// Base64 as gRPC uses it in "-bin" metadata (RFC 4648 §4): written without padding, read with or without.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::rpc {

TERN_API std::string encode_base64(std::string_view bytes);

/// Nothing when `text` is not base64.
TERN_API std::optional<std::string> decode_base64(std::string_view text);

}  // namespace tern::rpc
