#include "codegen/comments.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tern::codegen {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kLongestText = 60'000;

/// One character at the front of a text.
struct Character {
  std::uint32_t code_point = 0;
  std::size_t length = 1;
  bool valid = false;
};

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Decodes the first character by RFC 3629 §4. Returns the first byte, as not valid, where the text is not UTF-8.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t length = 2;
  if (lead >= 0xE0) length = lead >= 0xF0 ? 4 : 3;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code_point = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return {};
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  if (overlong || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) return {};
  return {code_point, length, true};
}

/// C0 but for the tab, DEL, C1, and the characters that compilers take for an attack when they are not closed
/// (Unicode's bidirectional embeddings, overrides and isolates).
bool is_control(std::uint32_t code_point) {
  if (code_point == '\t') return false;
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
         (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

void strip_end(std::string& line) { line.erase(line.find_last_not_of(" \t") + 1); }

/// `line` in a literal. Of `??` the second is escaped, so that it begins no trigraph.
std::string escaped(std::string_view line) {
  std::string literal;
  for (const char letter : line) {
    if (letter == '\t') {
      literal += "\\t";
      continue;
    }
    if (letter == '"' || letter == '\\' || (letter == '?' && literal.ends_with('?'))) literal += '\\';
    literal += letter;
  }
  return literal;
}

/// No more of `text` than `length` bytes, in whole characters.
std::string_view beginning(std::string_view text, std::size_t length) {
  if (text.size() <= length) return text;
  while (length > 0 && continues(text[length])) --length;
  return text.substr(0, length);
}

}  // namespace

std::vector<std::string> comment_lines(std::string_view text) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const Character character = first_character(text);
    if (text[0] == '\n' || text[0] == '\r') {
      if (text.starts_with("\r\n")) text.remove_prefix(1);
      lines.emplace_back();
    } else if (!character.valid) {
      lines.back() += kReplacement;
    } else if (!is_control(character.code_point)) {
      lines.back() += text.substr(0, character.length);
    }
    text.remove_prefix(character.length);
  }
  for (std::string& line : lines) {
    strip_end(line);
    if (line.starts_with(' ')) line.erase(0, 1);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

void print_comment(google::protobuf::io::Printer& printer, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const bool goes_on = line.ends_with('\\') || line.ends_with("?\?/");
    const char* with_text = goes_on ? "/// $line$ //\n" : "/// $line$\n";
    printer.Print(line.empty() ? "///\n" : with_text, "line", line);
  }
}

std::string literal_of(const std::vector<std::string>& lines, std::string_view indent) {
  std::string literals;
  std::size_t left = kLongestText;
  for (const std::string& line : lines) {
    if (left == 0) break;
    const std::string_view text = beginning(line, left - 1);
    left = text.size() == line.size() ? left - text.size() - 1 : 0;
    if (!literals.empty()) literals += "\\n\"\n" + std::string{indent};
    literals += '"' + escaped(text);
  }
  return literals + '"';
}

}  // namespace tern::codegen
