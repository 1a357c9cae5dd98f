// The rules of HTTP for header blocks: which names, values and pseudo-header fields make one well-formed
// (RFC 9113 §8.2 and §8.3, RFC 9110 §5). They are looked at once for each block that differs.
#pragma once

#include "tern/http2/header_block.h"

namespace tern::http2 {

enum class BlockKind { kRequest, kResponse, kTrailers };

/// Sets the block's problem, content_length and informational.
void check_fields(HeaderBlock& block, BlockKind kind);

}  // namespace tern::http2
