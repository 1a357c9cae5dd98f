#include "rest/byte_ranges.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

constexpr std::string_view kUnit = "bytes=";
constexpr std::size_t kMostRanges = 32;

/// Numbers of any length are well-formed; one that is too large is the largest.
std::optional<std::size_t> position(std::string_view digits) {
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::size_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return parsed.ec == std::errc{} ? value : std::numeric_limits<std::size_t>::max();
}

/// One element of the field's list: "0-499", "500-" or "-500". The length is 0 where nothing of it is there.
std::optional<ByteRange> parse_range(std::string_view text, std::size_t size) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view last_text = text.substr(dash + 1);
  const auto last = position(last_text);
  if (dash == 0) {
    if (!last) return std::nullopt;
    const std::size_t length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  const auto first = position(text.substr(0, dash));
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return ByteRange{size, 0};
  const std::size_t end = last ? std::min(*last, size - 1) + 1 : size;
  return ByteRange{*first, end - *first};
}

bool overlap(std::vector<ByteRange> ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::first);
  const auto meets_next = [](const ByteRange& one, const ByteRange& next) {
    return one.first + one.length > next.first;
  };
  return std::ranges::adjacent_find(ranges, meets_next) != ranges.end();
}

}  // namespace

std::optional<std::vector<ByteRange>> parse_ranges(std::string_view field, std::size_t size) {
  if (size == 0 || !equals_lower(field.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  std::vector<ByteRange> ranges;
  std::size_t listed = 0;
  bool sound = true;
  visit_list(field.substr(kUnit.size()), [&](std::string_view text) {
    if (text.empty()) return true;
    const auto range = parse_range(text, size);
    sound = range && ++listed <= kMostRanges;
    if (sound && range->length > 0) ranges.push_back(*range);
    return sound;
  });
  if (!sound || listed == 0 || overlap(ranges)) return std::nullopt;
  return ranges;
}

}  // namespace tern::rest
