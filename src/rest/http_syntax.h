// The letters of HTTP's grammar (RFC 9110 §5.5 and §5.6): tokens, field values, lists. Pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace tern::rest {

namespace detail {

constexpr std::string_view kAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

using Octets = std::array<bool, 256>;

constexpr Octets octets_of(std::string_view others) {
  Octets allowed{};
  for (const std::string_view some : {kAlphanumeric, others}) {
    for (const char octet : some) allowed[static_cast<unsigned char>(octet)] = true;
  }
  return allowed;
}

inline constexpr Octets kTokenOctets = octets_of("!#$%&'*+-.^_`|~");

inline constexpr Octets kControlOctets = [] {
  Octets control{};
  for (std::size_t octet = 0; octet < 0x20; ++octet) control[octet] = octet != '\t';
  control[0x7f] = true;
  return control;
}();

}  // namespace detail

constexpr bool is_token_octet(char octet) noexcept { return detail::kTokenOctets[static_cast<unsigned char>(octet)]; }
/// True for a control character other than the tab. No field value holds one (RFC 9110 §5.5).
constexpr bool is_control(char octet) noexcept { return detail::kControlOctets[static_cast<unsigned char>(octet)]; }
constexpr bool is_blank(char octet) noexcept { return octet == ' ' || octet == '\t'; }
constexpr bool is_digit(char octet) noexcept { return octet >= '0' && octet <= '9'; }

/// RFC 9110 §5.6.2.
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_token_octet);
}
/// Octets above ASCII are allowed (RFC 9110 §5.5, obs-text).
constexpr bool is_field_value(std::string_view text) noexcept { return std::ranges::none_of(text, is_control); }

/// Removes blanks at both ends.
constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Compares ASCII letters without regard to case. `lower` is in lower case.
constexpr bool equals_lower(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, [](char one, char other) {
    return (one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one) == other;
  });
}

/// Returns the position of the first `separator` that does not stand between quotation marks, or npos. A backslash has
/// no meaning, as in entity tags (RFC 9110 §8.8.3).
constexpr std::size_t find_outside_quotes(std::string_view text, char separator) noexcept {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == separator && !quoted) return at;
    if (text[at] == '"') quoted = !quoted;
  }
  return std::string_view::npos;
}

/// Cuts `text` at `end`, the position of a separator or npos. Returns the part before it, without blanks; the rest
/// stays in `text`.
constexpr std::string_view take_to(std::string_view& text, std::size_t end) noexcept {
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trimmed(part);
}
constexpr std::string_view take_until(std::string_view& text, char separator) noexcept {
  return take_to(text, text.find(separator));
}

/// Calls `visit` with each element of a comma-separated list, empty ones included, until it returns false. Quoted
/// strings are not treated specially (RFC 9110 §5.6.1).
template <class Visit>
constexpr void visit_list(std::string_view list, Visit visit) {
  for (std::size_t comma = 0; comma != std::string_view::npos;) {
    comma = list.find(',');
    if (!visit(take_to(list, comma))) return;
  }
}

/// The same for a list of which an element may have commas between quotation marks.
template <class Visit>
constexpr void visit_quoted_list(std::string_view list, Visit visit) {
  for (std::size_t comma = 0; comma != std::string_view::npos;) {
    comma = find_outside_quotes(list, ',');
    if (!visit(take_to(list, comma))) return;
  }
}

}  // namespace tern::rest
