// Texts of peers as JSON strings, for access logs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tern::telemetry {

/// Returns `text` as a JSON string, quotes included (RFC 8259 §7). A byte that is not UTF-8 becomes the four characters
/// `\xff`, whose backslash JSON doubles: unlike U+FFFD that says which byte it was. A text of more than `limit` bytes
/// is cut behind a whole character and ends with "…".
[[nodiscard]] std::string json_text(std::string_view text, std::size_t limit);

}  // namespace tern::telemetry
