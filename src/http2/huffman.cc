#include "http2/huffman.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace tern::http2::huffman {

namespace {

constexpr std::size_t kSymbols = 257;
constexpr std::size_t kEndOfString = 256;
constexpr int kLongest = 30;

// Bits of each symbol's code. The code is canonical: among codes in order of length and then of symbol, each is the one
// before plus one.
constexpr std::array<std::uint8_t, kSymbols> kLengths = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  //
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  //
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,   //
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  //
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   //
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,   //
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   //
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  //
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  //
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  //
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  //
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  //
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  //
    30};

/// The code, and the tables that decode it.
struct Code {
  std::array<std::uint32_t, kSymbols> codes{};
  /// Symbols in order of their codes; where each length begins among them, and its first code.
  std::array<std::uint16_t, kSymbols> symbols{};
  std::array<std::uint16_t, kLongest + 2> begin{};
  std::array<std::uint32_t, kLongest + 1> first{};
  /// By the next 8 bits: a symbol and its length, for those that are not longer; length 0 for the others.
  struct Short {
    std::uint8_t symbol;
    std::uint8_t length;
  };
  std::array<Short, 256> shorts{};
};

constexpr Code kCode = [] {
  Code made;
  std::uint32_t code = 0;
  std::uint16_t place = 0;
  for (std::size_t length = 1; length <= kLongest; ++length) {
    code <<= 1;
    made.begin[length] = place;
    made.first[length] = code;
    for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (kLengths[symbol] != length) continue;
      if (length <= 8) {
        for (std::size_t rest = 0; rest < std::size_t{1} << (8 - length); ++rest) {
          made.shorts[(code << (8 - length)) | rest] = {static_cast<std::uint8_t>(symbol),
                                                        static_cast<std::uint8_t>(length)};
        }
      }
      made.symbols[place++] = static_cast<std::uint16_t>(symbol);
      made.codes[symbol] = code++;
    }
  }
  made.begin[kLongest + 1] = place;
  return made;
}();

}  // namespace

bool decode(std::span<const std::uint8_t> bytes, std::string& to) {
  std::uint64_t bits = 0;  // the lowest `count` of it are not decoded yet
  int count = 0;
  std::size_t at = 0;
  for (;;) {
    while (count <= 56 && at < bytes.size()) {
      bits = bits << 8 | bytes[at++];
      count += 8;
    }
    assert(count >= 0 && count <= 64);
    if (count < 8) break;
    const Code::Short found = kCode.shorts[static_cast<std::uint8_t>(bits >> (count - 8))];
    if (found.length != 0) {
      to.push_back(static_cast<char>(found.symbol));
      count -= found.length;
      continue;
    }
    int length = 9;
    for (; length <= kLongest && length <= count; ++length) {
      const auto code = static_cast<std::uint32_t>(bits >> (count - length)) & ((std::uint32_t{1} << length) - 1);
      const std::size_t among = code - kCode.first[static_cast<std::size_t>(length)];
      const std::size_t begin = kCode.begin[static_cast<std::size_t>(length)];
      if (code < kCode.first[static_cast<std::size_t>(length)] ||
          among >= kCode.begin[static_cast<std::size_t>(length) + 1] - begin) {
        continue;
      }
      assert(begin + among < kSymbols);
      const std::size_t symbol = kCode.symbols[begin + among];
      if (symbol == kEndOfString) return false;
      to.push_back(static_cast<char>(symbol));
      break;
    }
    if (length > kLongest || length > count) return false;  // more than seven bits, and no symbol
    count -= length;
  }
  // Fewer than eight bits are left: a short symbol, perhaps, and then padding of ones.
  while (count > 0) {
    const auto left = static_cast<std::uint32_t>(bits) & ((std::uint32_t{1} << count) - 1);
    const Code::Short found = kCode.shorts[(left << (8 - count) | ((1U << (8 - count)) - 1)) & 0xff];
    if (found.length == 0 || found.length > count) return left == (std::uint32_t{1} << count) - 1;
    to.push_back(static_cast<char>(found.symbol));
    count -= found.length;
  }
  return true;
}

std::size_t encoded_size(std::string_view text) noexcept {
  std::size_t bits = 0;
  for (const char c : text) bits += kLengths[static_cast<unsigned char>(c)];
  return (bits + 7) / 8;
}

void encode(std::string_view text, std::vector<std::uint8_t>& to) {
  std::uint64_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto symbol = static_cast<unsigned char>(c);
    bits = bits << kLengths[symbol] | kCode.codes[symbol];
    assert(count < 8);
    count += kLengths[symbol];
    while (count >= 8) {
      count -= 8;
      to.push_back(static_cast<std::uint8_t>(bits >> count));
    }
  }
  if (count > 0) to.push_back(static_cast<std::uint8_t>(bits << (8 - count) | ((1U << (8 - count)) - 1)));
}

}  // namespace tern::http2::huffman
