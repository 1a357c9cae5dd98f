// Metadata as header fields: "-bin" values in base64.
#pragma once

#include <list>
#include <string>

#include "tern/http2/stream.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

/// Texts that fields point to until they are sent; a list, which takes no memory while it is empty (a deque does).
using FieldTexts = std::list<std::string>;

/// Appends `metadata`; it and `texts` must live until the fields are sent.
void append_metadata(http2::HeaderFields& fields, const Metadata& metadata, FieldTexts& texts);

/// Appends grpc-status and what goes with it.
void append_status(http2::HeaderFields& fields, const Status& status, FieldTexts& texts);

}  // namespace tern
