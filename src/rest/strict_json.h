// Strict JSON: the syntax of RFC 8259, checked before protobuf's parser reads a text. protobuf 3.21 also accepts single
// quotes, unquoted names and trailing commas, which proxies and firewalls before the server read differently.
#pragma once

#include <string_view>

#include "tern/rpc/status.h"

namespace tern::rest {

/// Arrays and objects nested deeper than this are rejected; protobuf's own parser has the same limit.
inline constexpr std::size_t kMaxJsonDepth = 100;

/// Returns OK if `text` is exactly one JSON value in UTF-8 whose objects have no name twice. Returns INVALID_ARGUMENT
/// with the reason and the byte otherwise.
Status check_json(std::string_view text);

}  // namespace tern::rest
