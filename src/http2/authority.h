// Authorities of URIs, "host:port", compared as RFC 3986 says.
#pragma once

#include <string_view>

#include "tern/api.h"

namespace tern::http2 {

/// True when both name the same host and port: in any case (§6.2.2.1), with the scheme's default port or without it
/// (§6.2.3).
TERN_API bool same_authority(std::string_view one, std::string_view other, std::string_view scheme) noexcept;

}  // namespace tern::http2
