// Http1Rejection: why an HTTP/1.1 request cannot be answered by the site. The connection closes after it: nothing says
// where the next request would begin.
#pragma once

#include <string>

namespace tern::rest {

struct Http1Rejection {
  /// Of the response: 400, 414, 417, 431, 501 or 505.
  unsigned status;
  std::string text;

  /// True when a limit was exceeded, false when the bytes are wrong.
  [[nodiscard]] bool too_long() const noexcept { return status == 414 || status == 431; }
};

}  // namespace tern::rest
