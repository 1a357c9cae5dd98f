// UTF-8 (RFC 3629): the only place that decodes it, for the library and for the plugin. Peers send any bytes; what
// shows their texts to somebody (a span, a label, a log line, a generated comment) makes them valid here first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::text {

/// U+FFFD in UTF-8.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
/// The end of a text that was cut: "…", U+2026 in UTF-8.
inline constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

/// The longest part of one text of a peer that a log line shows, in bytes.
inline constexpr std::size_t kLongestInLog = 1024;

/// One character at the front of a text.
struct Character {
  std::uint32_t code_point = 0;
  /// In bytes. 1 where the text is not UTF-8.
  std::size_t length = 1;
  bool valid = false;
};

/// Decodes the first character of `text`, which is not empty, by RFC 3629 §4: overlong forms, surrogates and code
/// points above U+10FFFF are not valid. Returns the first byte, as not valid, where the text is not UTF-8.
[[nodiscard]] TERN_API Character first_character(std::string_view text) noexcept;

/// Returns true if all of `text` is UTF-8.
[[nodiscard]] TERN_API bool is_utf8(std::string_view text) noexcept;

/// Returns `text` with U+FFFD in place of each byte that is not UTF-8. A text that would be longer than `limit` bytes
/// is cut behind a whole character and ends with "…", which counts; `limit` is 3 at least.
[[nodiscard]] std::string valid_utf8(std::string_view text, std::size_t limit = SIZE_MAX);

/// Returns `text` as one line of a log that a reader can take for nothing else: "\n", "\r", "\t" and "\\" stand for
/// those characters, "\xff" for a byte that is not UTF-8, and "\u202e" for a control character or one that changes the
/// direction or the line of what follows. The limit works as in valid_utf8().
[[nodiscard]] std::string log_text(std::string_view text, std::size_t limit = kLongestInLog);

/// Appends `digits` hexadecimal digits of `value`, in lower case: "00e9".
TERN_API void append_hex(std::string& text, std::uint32_t value, int digits);

/// True for characters that change how a terminal shows what follows: C0, DEL, C1, Unicode's line and paragraph
/// separators, and its bidirectional marks, embeddings, overrides and isolates.
[[nodiscard]] TERN_API bool is_control(std::uint32_t code_point) noexcept;

}  // namespace tern::text
