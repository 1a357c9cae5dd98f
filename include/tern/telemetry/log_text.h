// log_text: what a client sent, for a line of a text log.
//
//   spdlog::info("Received: {}", tern::telemetry::log_text(message.content()));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tern::telemetry {

/// Returns `text` so that it stays one line and shows nothing but itself: line ends and tabs become "\n", "\r" and
/// "\t", a backslash is doubled, a byte that is not UTF-8 becomes "\xff", and a control character, or one that changes
/// the direction of what follows, becomes "\u202e". A text that would take more than `limit` bytes is cut behind a
/// whole character and ends with "…"; `limit` is 3 at least. Any thread.
[[nodiscard]] std::string log_text(std::string_view text, std::size_t limit = 1024);

}  // namespace tern::telemetry
