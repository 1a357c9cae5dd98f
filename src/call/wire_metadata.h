// Metadata and statuses as header fields: "-bin" values in base64, texts percent-encoded, and no more of them than the
// peer accepts (SETTINGS_MAX_HEADER_LIST_SIZE, RFC 9113 §6.5.2).
#pragma once

#include <cstddef>
#include <list>
#include <string>

#include "http2/stream.h"
#include "tern/api.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

/// Texts that fields point to until they are sent; a list, which takes no memory while it is empty (a deque does).
using FieldTexts = std::list<std::string>;

/// Appends `metadata`, without the names that belong to HTTP/2 and gRPC (rpc/reserved_names.h). It and `texts` must
/// live until the fields are sent.
TERN_API void append_metadata(http2::HeaderFields& fields, const Metadata& metadata, FieldTexts& texts);

/// Returns the bytes that `metadata` adds to a header block, as RFC 9113 §6.5.2 counts them.
std::size_t wire_size(const Metadata& metadata) noexcept;

/// Appends grpc-status and what goes with it, whole.
TERN_API void append_status(http2::HeaderFields& fields, const Status& status, FieldTexts& texts);

/// Appends the status and the trailing metadata, so that `fields` as a whole stays within `limit` bytes
/// (Stream::peer_header_limit). The code is always sent. To make room, the end of the status text is left out first,
/// then the error details, then the trailing metadata. For peers that announce no limit, the text and the details stay
/// within http2::kUsualHeaderBytes.
void append_trailers(http2::HeaderFields& fields, const Status& status, const Metadata& trailing, std::size_t limit,
                     FieldTexts& texts);

}  // namespace tern
