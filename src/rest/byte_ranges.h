// Byte ranges: the parts of a representation that a Range field asks for (RFC 9110 §14.1.2). Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tern::rest {

struct ByteRange {
  std::size_t first = 0;
  std::size_t length = 0;  // 1 at least
  bool operator==(const ByteRange&) const = default;
};

/// Returns the ranges of a representation of `size` bytes, in the order of the field, cut at its end. Ranges beyond the
/// end are left out: an empty list is not satisfiable (416).
/// Returns nothing where the field is to be ignored, and the whole representation sent: it is malformed or in another
/// unit; the representation is empty; the ranges overlap or are more than 32, which costs a server more than the whole
/// (RFC 9110 §14.2, §17.15).
[[nodiscard]] std::optional<std::vector<ByteRange>> parse_ranges(std::string_view field, std::size_t size);

}  // namespace tern::rest
