#include "telemetry/json_text.h"

#include <algorithm>
#include <cstdint>

#include "text/utf8.h"

namespace tern::telemetry {

namespace {

void append_unicode_escape(std::string& json, std::uint32_t code_point) {
  json += "\\u";
  text::append_hex(json, code_point, 4);
}

void append_ascii(std::string& json, char letter) {
  switch (letter) {
    case '"':
      json += "\\\"";
      break;
    case '\\':
      json += "\\\\";
      break;
    case '\n':
      json += "\\n";
      break;
    case '\r':
      json += "\\r";
      break;
    case '\t':
      json += "\\t";
      break;
    default:
      if (text::is_control(static_cast<unsigned char>(letter))) {
        append_unicode_escape(json, static_cast<unsigned char>(letter));
      } else {
        json += letter;
      }
  }
}

}  // namespace

std::string json_text(std::string_view text, std::size_t limit) {
  std::string json;
  json.reserve(std::min(text.size(), limit) + 2);
  json += '"';
  std::size_t taken = 0;
  while (taken < text.size()) {
    const text::Character character = text::first_character(text.substr(taken));
    if (taken + character.length > limit) {
      json += text::kEllipsis;
      break;
    }
    if (!character.valid) {
      json += R"(\\x)";
      text::append_hex(json, static_cast<unsigned char>(text[taken]), 2);
    } else if (character.length == 1) {
      append_ascii(json, text[taken]);
    } else if (text::is_control(character.code_point)) {
      append_unicode_escape(json, character.code_point);
    } else {
      json += text.substr(taken, character.length);
    }
    taken += character.length;
  }
  json += '"';
  return json;
}

}  // namespace tern::telemetry
