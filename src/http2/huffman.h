// HPACK's Huffman code for strings (RFC 7541 §5.2 and appendix B).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tern::http2::huffman {

/// Appends what `bytes` stand for. False when they are no such code: the end-of-string symbol, or wrong padding.
bool decode(std::span<const std::uint8_t> bytes, std::string& to);

/// How long `text` is in this code.
std::size_t encoded_size(std::string_view text) noexcept;
void encode(std::string_view text, std::vector<std::uint8_t>& to);

}  // namespace tern::http2::huffman
