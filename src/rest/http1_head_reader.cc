// Lines are read one at a time and checked as they end, so that no byte is looked at twice, and the result does not
// depend on how the bytes are cut. What concerns several fields together (Host, the body's length) is checked at the
// empty line. Each step leaves the reader in kReading or rejects; nothing is read after a rejection.
#include "rest/http1_head_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "rest/http1_target.h"
#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

// Some old clients send an empty line after a body (RFC 9112 §2.2).
constexpr unsigned kEmptyLines = 4;

bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

/// True when `line`, which might go on, cannot be part of a head. A CR may be its last octet, since an LF may follow.
bool is_broken(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return has_control(line);
}

/// Calls `visit` with each element of all fields of this name that is not empty.
template <class Visit>
void visit_elements(const Fields& fields, std::string_view wanted, Visit visit) {
  for (const auto& [name, value] : fields) {
    if (name != wanted) continue;
    visit_list(value, [&visit](std::string_view element) {
      if (!element.empty()) visit(element);
      return true;
    });
  }
}

/// RFC 9112 §9.3: "close" beats "keep-alive".
bool stays_open(const Http1Head& head) {
  bool close = false;
  bool keep_alive = head.minor_version > 0;
  visit_elements(head.fields, "connection", [&](std::string_view option) {
    close = close || equals_lower(option, "close");
    keep_alive = keep_alive || equals_lower(option, "keep-alive");
  });
  return keep_alive && !close;
}

}  // namespace

void Http1HeadReader::reject(unsigned status, std::string text) {
  state_ = State::kRejected;
  rejection_ = Http1Rejection{status, std::move(text)};
}

std::size_t Http1HeadReader::read(std::string_view bytes) {
  std::size_t used = 0;
  while (state_ == State::kReading && used < bytes.size()) used += read_line(bytes.substr(used));
  return used;
}

std::size_t Http1HeadReader::read_line(std::string_view bytes) {
  const std::string_view allowed = bytes.substr(0, max_length_ - length_);
  const std::size_t end = allowed.find('\n');
  const bool ends = end != std::string_view::npos;
  const std::string_view piece = allowed.substr(0, end);
  length_ += piece.size() + (ends ? 1 : 0);
  const bool cr_alone = partial_.ends_with('\r') && !piece.empty();
  if (cr_alone || is_broken(piece)) {
    reject(400, "the head has a control character, or a CR that no LF follows");
    return piece.size();
  }
  if (!ends) {
    partial_ += piece;
    if (piece.size() < bytes.size()) {
      reject(request_line_read_ ? 431 : 414,
             "the head is longer than " + std::to_string(max_length_) + " bytes (SiteOptions::max_header_length)");
    }
    return piece.size();
  }
  std::string_view line = piece;
  if (!partial_.empty()) line = partial_ += piece;
  if (line.ends_with('\r')) {
    end_line(line.substr(0, line.size() - 1));
  } else {
    reject(400, "a line of the head ends with LF, not with CRLF");
  }
  partial_.clear();
  return end + 1;
}

void Http1HeadReader::end_line(std::string_view line) {
  if (request_line_read_) {
    if (line.empty()) {
      end_head();
    } else {
      read_field(line);
    }
  } else if (!line.empty()) {
    read_request_line(line);
  } else if (++empty_lines_ > kEmptyLines) {
    reject(400, "empty lines in place of a request");
  } else {
    length_ = 0;
  }
}

// RFC 9112 §3: three words with one space between each two.
void Http1HeadReader::read_request_line(std::string_view line) {
  request_line_read_ = true;
  const std::size_t method_end = line.find(' ');
  const std::size_t version_begin = line.rfind(' ') + 1;
  if (method_end == std::string_view::npos || version_begin <= method_end + 1) {
    return reject(400, "the request line is not \"METHOD target HTTP/1.1\"");
  }
  const std::string_view method = line.substr(0, method_end);
  if (!is_token(method)) return reject(400, "the method is not a token");
  head_.method = method;
  if (!read_version(line.substr(version_begin))) return;
  std::optional<Http1Target> target = parse_target(method, line.substr(method_end + 1, version_begin - method_end - 2));
  if (!target) return reject(400, "the request's target is malformed, or not one for its method");
  // What follows a CONNECT may be a tunnel's bytes, never a request.
  if (method == "CONNECT") return reject(501, "CONNECT is not supported");
  head_.target = std::move(target->path);
  authority_ = std::move(target->authority);
}

bool Http1HeadReader::read_version(std::string_view text) {
  constexpr std::string_view kName = "HTTP/";
  const bool is_version = text.size() == kName.size() + 3 && text.starts_with(kName) && is_digit(text[5]) &&
                          text[6] == '.' && is_digit(text[7]);
  if (!is_version) {
    reject(400, "the request line does not end with a version of HTTP");
  } else if (text[5] != '1') {
    reject(505, "the request line has another version than HTTP/1.0 and HTTP/1.1; HTTP/2 begins with its preface");
  } else {
    head_.minor_version = text[7] == '0' ? 0 : 1;
  }
  return is_version && text[5] == '1';
}

// RFC 9112 §5. A line that begins with a blank would continue the one before (obs-fold, §5.2).
void Http1HeadReader::read_field(std::string_view line) {
  if (is_blank(line.front())) return reject(400, "a line of the head begins with a blank");
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name)) {
    return reject(400, "a header field's name is not a token that a colon follows at once");
  }
  head_.fields.add(name, trimmed(line.substr(colon + 1)));
}

bool Http1HeadReader::check_host() {
  std::size_t hosts = 0;
  for (const auto& [name, value] : head_.fields) {
    if (name != "host") continue;
    ++hosts;
    if (!is_host(value)) reject(400, "the field Host is malformed");
  }
  if (hosts > 1 || (hosts == 0 && head_.minor_version > 0)) reject(400, "a request has one field Host");
  return state_ == State::kReading;
}

bool Http1HeadReader::read_expectations() {
  if (head_.minor_version == 0) return true;  // RFC 9110 §10.1.1
  visit_elements(head_.fields, "expect", [this](std::string_view expectation) {
    if (equals_lower(expectation, "100-continue")) {
      head_.expects_continue = head_.framing.kind != Http1Framing::Kind::kNone;
    } else if (state_ == State::kReading) {
      reject(417, "the only expectation that is met is \"100-continue\"");
    }
  });
  return state_ == State::kReading;
}

void Http1HeadReader::end_head() {
  if (!check_host()) return;
  std::variant<Http1Framing, Http1Rejection> decision = framing_of(head_.fields, head_.minor_version);
  if (auto* rejection = std::get_if<Http1Rejection>(&decision)) {
    return reject(rejection->status, std::move(rejection->text));
  }
  head_.framing = std::get<Http1Framing>(decision);
  if (!read_expectations()) return;
  if (authority_) head_.fields.set("host", *authority_);
  head_.keep_alive = stays_open(head_);
  state_ = State::kWhole;
}

}  // namespace tern::rest
