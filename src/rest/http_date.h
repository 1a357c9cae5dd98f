// Dates of HTTP (RFC 9110 §5.6.7), in seconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::rest {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::chrono::sys_seconds time);

/// Reads the format above and the two old ones, of RFC 850 and of asctime(). Returns nothing for any other text. A year
/// of two digits that would be more than 50 years after `now` is of the century before.
[[nodiscard]] TERN_API std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                                               std::chrono::sys_seconds now);

}  // namespace tern::rest
