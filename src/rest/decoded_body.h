// Request bodies with a content coding (RFC 9110 §8.4), decoded before a route's handler reads them.
#pragma once

#include <cstddef>

#include "tern/rest/message.h"

namespace tern::rest {

/// The site cannot decode the request's coding. Its response lists the codings that it can (RFC 9110 §12.5.3).
class UnsupportedCoding final : public HttpError {
 public:
  using HttpError::HttpError;
};

/// The 413 of a body that is read as a whole.
HttpError body_too_long(std::size_t max_body_length);

/// Where the request has a Content-Encoding: its body comes inflated from now on, and its fields Content-Encoding and
/// Content-Length are removed. Reading the body throws UnsupportedCoding (415) for a coding other than gzip and
/// deflate, and for several; HttpError 400 for data that is broken or cut short.
///
/// A handler that reads piece by piece gets 413 when a body is longer than `max_body_length` bytes, and more than 100
/// times as long as its compressed data: no honest data is, and a "bomb" of 1 MB would become 1 GB.
void decode_body(Request& request, std::size_t max_body_length);

}  // namespace tern::rest
