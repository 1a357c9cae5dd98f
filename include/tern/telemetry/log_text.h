// Texts that others sent: for a line of a text log, or for a field of type `string`.
//
//   spdlog::info("Received: {}", tern::telemetry::log_text(message.content()));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::telemetry {

/// Returns `text` so that it stays one line and shows nothing but itself: line ends and tabs become "\n", "\r" and
/// "\t", a backslash is doubled, a byte that is not UTF-8 becomes "\xff", and a control character, or one that changes
/// the direction of what follows, becomes "\u202e". A text that would take more than `limit` bytes is cut behind a
/// whole character and ends with "…"; `limit` is 3 at least. Any thread.
[[nodiscard]] TERN_API std::string log_text(std::string_view text, std::size_t limit = 1024);

/// Returns `text` with U+FFFD in place of each byte that is not UTF-8 (RFC 3629), so that a message can carry it. Any
/// thread.
[[nodiscard]] TERN_API std::string valid_utf8(std::string_view text);

}  // namespace tern::telemetry
