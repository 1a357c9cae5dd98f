// The rules of HTTP for header blocks: which names, values and pseudo-header fields make one well-formed
// (RFC 9113 §8.2 and §8.3, RFC 9110 §5). They are looked at once for each block that differs.
#pragma once

#include <string_view>

#include "http2/header_block.h"
#include "tern/api.h"

namespace tern::http2 {

enum class BlockKind { kRequest, kResponse, kTrailers };

/// Returns true for fields that belong to one HTTP/1.1 connection and may not be in HTTP/2 (RFC 9113 §8.2.2). `name` is
/// in lower case.
[[nodiscard]] TERN_API bool is_connection_specific(std::string_view name);

/// Sets the block's problem, content_length and informational.
void check_fields(HeaderBlock& block, BlockKind kind);

}  // namespace tern::http2
