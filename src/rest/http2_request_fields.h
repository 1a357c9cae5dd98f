// A client's request head as HTTP/2 writes it (RFC 9113 §8.2, §8.3.1).
#pragma once

#include "http2/stream.h"
#include "rest/client_request_head.h"

namespace tern::rest {

/// Returns the pseudo-header fields and the fields of `head`, which must outlive them. Fields that belong to an
/// HTTP/1.1 connection are left out, and so are blanks at the ends of values.
http2::HeaderFields http2_request_fields(const RequestHead& head);

}  // namespace tern::rest
