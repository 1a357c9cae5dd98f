#include "valid_utf8.h"

#include <cstddef>

namespace userchat {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The length of the well-formed sequence that `bytes` begins with, or 0.
std::size_t sequence_length(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  std::size_t length = 4;
  if (lead < 0xF0) length = lead < 0xE0 ? 2 : 3;
  if (bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(bytes[i])) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  const auto second = static_cast<unsigned char>(bytes[1]);
  const bool wrong = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    text += length > 0 ? bytes.substr(0, length) : std::string_view{"\uFFFD"};
    bytes.remove_prefix(length > 0 ? length : 1);
  }
  return text;
}

}  // namespace userchat
