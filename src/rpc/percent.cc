#include "rpc/percent.h"

#include <algorithm>
#include <charconv>

namespace tern::rpc {

namespace {

/// Returns the bytes of the character that begins `text`, which is not empty; 1 where it is not UTF-8 (RFC 3629 §3).
std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t size = 1;
  if (first >= 0xc0) size = 2;
  if (first >= 0xe0) size = first < 0xf0 ? 3 : 4;
  const auto continues = [&text](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
  for (std::size_t at = 1; at < size; ++at) {
    if (at == text.size() || !continues(at)) return 1;
  }
  return size;
}

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
    for (const char octet : text.substr(at, character_size(text.substr(at)))) {
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
