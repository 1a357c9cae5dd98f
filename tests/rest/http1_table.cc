#include "rest/http1_table.h"

#include <fstream>
#include <map>
#include <stdexcept>

namespace tern::rest::test {

namespace {

const std::map<char, std::string> kBeginnings = {
    {'G', "GET /health HTTP/1.1\r\nHost: a\r\n"},
    {'P', "POST /echo HTTP/1.1\r\nHost: a\r\n"},
    {'I', "POST /ignore HTTP/1.1\r\nHost: a\r\n"},
    {'V', "POST /ignore HTTP/1.0\r\nHost: a\r\n"},
};

/// `at` stands behind the backslash.
char unescaped(const std::string& text, std::size_t& at) {
  const char letter = text.at(at++);
  if (letter == 'r') return '\r';
  if (letter == 'n') return '\n';
  if (letter == 't') return '\t';
  if (letter == '0') return '\0';
  if (letter == '\\') return '\\';
  if (letter != 'x') throw std::runtime_error("unknown escape in: " + text);
  at += 2;
  return static_cast<char>(std::stoi(text.substr(at - 2, 2), nullptr, 16));
}

std::string bytes_of(const std::string& text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '{') {
      const std::size_t end = text.find('}', at);
      const std::size_t star = text.find('*', at);
      if (end == at + 2) {
        bytes += kBeginnings.at(text[at + 1]);
      } else {
        const std::string repeated = bytes_of(text.substr(star + 1, end - star - 1));
        for (int left = std::stoi(text.substr(at + 1)); left > 0; --left) bytes += repeated;
      }
      at = end + 1;
    } else if (text[at] == '\\') {
      bytes += unescaped(text, ++at);
    } else {
      bytes += text[at++];
    }
  }
  return bytes;
}

std::string statuses_of(const std::string& answer) {
  const std::size_t word = answer.rfind(' ') + 1;
  std::string statuses = answer.substr(0, word - 1);
  if (answer.substr(word) == "open") return statuses + " " + std::string{kProbeStatus};
  if (answer.substr(word) == "close") return statuses;
  throw std::runtime_error("neither open nor close: " + answer);
}

}  // namespace

std::vector<Http1Row> read_http1_table() {
  std::ifstream file{TERN_HTTP1_TABLE};
  std::vector<Http1Row> rows;
  bool wants_bytes = false;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("  ")) {
      if (wants_bytes) rows.back().bytes = bytes_of(line.substr(2));
      wants_bytes = false;  // what follows is about other servers
      continue;
    }
    const std::size_t mark = line.rfind(" = ");
    if (mark == std::string::npos || wants_bytes) throw std::runtime_error("no row of the table: " + line);
    rows.push_back({.name = line.substr(0, mark), .bytes = {}, .statuses = statuses_of(line.substr(mark + 3))});
    wants_bytes = true;
  }
  return rows;
}

}  // namespace tern::rest::test
