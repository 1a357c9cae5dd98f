#include "text/utf8.h"

#include <utility>

namespace tern::text {

namespace {

bool continues(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

/// Appends `pieces` to a text as long as they fit; the first that does not fit ends it.
class Limited {
 public:
  explicit Limited(std::size_t limit) noexcept : limit_(limit) {}

  /// Returns false when `piece` does not fit. The text is then finished.
  bool add(std::string_view piece) {
    if (text_.size() + piece.size() > limit_) {
      text_.resize(cut_at_);
      text_ += kEllipsis;
      return false;
    }
    text_ += piece;
    if (text_.size() + kEllipsis.size() <= limit_) cut_at_ = text_.size();
    return true;
  }
  [[nodiscard]] std::string take() noexcept { return std::move(text_); }

 private:
  std::size_t limit_;
  std::string text_;
  std::size_t cut_at_ = 0;  // the end of the last piece behind which the ellipsis fits
};

void make_escape(std::string& out, std::string_view sort, std::uint32_t value, int digits) {
  out = sort;
  append_hex(out, value, digits);
}

}  // namespace

void append_hex(std::string& text, std::uint32_t value, int digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    text += kHex[(value >> static_cast<unsigned>(shift)) & 15U];
}

Character first_character(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1, true};
  std::size_t length = 2;
  if (lead >= 0xE0) length = lead >= 0xF0 ? 4 : 3;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code_point = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return {};
    code_point = code_point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  if (overlong || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) return {};
  return {code_point, length, true};
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

std::string valid_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit && is_utf8(text)) return std::string{text};
  Limited out{limit};
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!out.add(character.valid ? text.substr(0, character.length) : kReplacement)) break;
    text.remove_prefix(character.length);
  }
  return out.take();
}

bool is_control(std::uint32_t code_point) noexcept {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x061C ||
         code_point == 0x200E || code_point == 0x200F || (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

std::string log_text(std::string_view text, std::size_t limit) {
  Limited out{limit};
  std::string escape;
  while (!text.empty()) {
    const Character character = first_character(text);
    std::string_view shown = text.substr(0, character.length);
    if (!character.valid) {
      make_escape(escape, "\\x", static_cast<unsigned char>(text.front()), 2);
      shown = escape;
    } else if (text.front() == '\\') {
      shown = "\\\\";
    } else if (text.front() == '\n') {
      shown = "\\n";
    } else if (text.front() == '\r') {
      shown = "\\r";
    } else if (text.front() == '\t') {
      shown = "\\t";
    } else if (is_control(character.code_point)) {
      make_escape(escape, "\\u", character.code_point, 4);
      shown = escape;
    }
    if (!out.add(shown)) break;
    text.remove_prefix(character.length);
  }
  return out.take();
}

}  // namespace tern::text
