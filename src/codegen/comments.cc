#include "codegen/comments.h"

#include <algorithm>
#include <cstddef>

#include "text/utf8.h"

namespace tern::codegen {

namespace {

constexpr std::size_t kLongestText = 60'000;

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

/// No more of `text`, which is UTF-8, than `length` bytes, in whole characters.
std::string_view beginning(std::string_view text, std::size_t length) {
  std::size_t taken = 0;
  while (taken < text.size()) {
    const std::size_t next = text::first_character(text.substr(taken)).length;
    if (taken + next > length) break;
    taken += next;
  }
  return text.substr(0, taken);
}

}  // namespace

std::vector<std::string> comment_lines(std::string_view text) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const text::Character character = text::first_character(text);
    if (text[0] == '\n' || text[0] == '\r') {
      if (text.starts_with("\r\n")) text.remove_prefix(1);
      lines.emplace_back();
    } else if (!character.valid) {
      lines.back() += text::kReplacement;
    } else if ((text[0] == '\t' || !text::is_control(character.code_point))) {
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
