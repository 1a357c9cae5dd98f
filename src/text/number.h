// number_of<Number>(): a text that is one number as a whole.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace tern::text {

/// All of `text` as a decimal number of this type. Empty if it is anything else: empty, with a plus sign or blanks, too
/// large.
template <class Number>
[[nodiscard]] std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace tern::text
