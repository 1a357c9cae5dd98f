// Blanks around values of header fields, which are not part of the values (RFC 9110 §5.5).
#pragma once

#include <string_view>

namespace tern::rpc {

inline std::string_view without_blanks(std::string_view text) {
  const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace tern::rpc
