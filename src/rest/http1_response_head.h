// The head of an HTTP/1.1 response as text: status line, fields, and how the body's end is told (RFC 9112 §6.3).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tern/rest/message.h"

namespace tern::rest {

struct Http1ResponseFraming {
  /// Content-Length, unless the response has one of its own.
  std::optional<std::size_t> length;
  bool chunked = false;
  /// The connection closes after this response.
  bool close = false;
  /// The client is one of HTTP/1.0, which takes the connection's end for granted.
  bool say_keep_alive = false;
};

std::string http1_response_head(const Response& response, const Http1ResponseFraming& framing);

/// A whole response without `pieces`, after which the connection closes; without its body for `head_only` (HEAD).
std::string http1_last_response(const Response& response, bool head_only);

}  // namespace tern::rest
