#include "rpc/percent.h"

#include <algorithm>
#include <charconv>

#include "text/utf8.h"

namespace tern::rpc {

namespace {

void append_octet(std::string& encoded, char octet, bool blanks_too) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  const char first = blanks_too ? '!' : ' ';
  if (octet >= first && octet <= '~' && octet != '%') {
    encoded += octet;
    return;
  }
  const auto byte = static_cast<unsigned char>(octet);
  encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

std::string percent_encode(std::string_view text, std::size_t limit) {
  std::string encoded;
  encoded.reserve(std::min(text.size(), limit));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t before = encoded.size();
    for (const char octet : text.substr(at, text::first_character(text.substr(at)).length)) {
      append_octet(encoded, octet, at == 0 || at + 1 == text.size());
      ++at;
    }
    if (encoded.size() <= limit) continue;
    encoded.resize(before);
    while (encoded.ends_with(' ')) encoded.pop_back();
    break;
  }
  return encoded;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* digits = text.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        decoded += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

}  // namespace tern::rpc
