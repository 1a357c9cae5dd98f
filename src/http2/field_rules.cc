#include "http2/field_rules.h"

#include <algorithm>
#include <array>

#include "http2/authority.h"
#include "text/number.h"

namespace tern::http2 {

namespace {

using Field = HeaderBlock::Field;

// RFC 9110 §5.6.2's tokens, without upper-case letters (RFC 9113 §8.2.1).
constexpr std::array<bool, 256> kNameOctets = [] {
  std::array<bool, 256> allowed{};
  for (const unsigned char octet : std::string_view{"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"}) {
    allowed[octet] = true;
  }
  return allowed;
}();

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char octet) { return kNameOctets[static_cast<unsigned char>(octet)]; });
}

bool is_blank(char octet) { return octet == ' ' || octet == '\t'; }

// RFC 9110 §5.5: no control characters but the tab; RFC 9113 §8.2.1: no blanks at either end.
bool is_value(std::string_view value) {
  if (value.empty()) return true;
  if (is_blank(value.front()) || is_blank(value.back())) return false;
  return std::all_of(value.begin(), value.end(), [](char octet) {
    const auto byte = static_cast<unsigned char>(octet);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

/// One pass over a block.
class Check {
 public:
  Check(HeaderBlock& block, BlockKind kind) : block_(block), kind_(kind) {}

  const char* run() {
    bool regular_seen = false;
    for (std::size_t i = 0; i < block_.size(); ++i) {
      const Field field = block_[i];
      if (!is_value(field.value)) return "a field's value has control characters, or blanks at an end";
      const bool pseudo = field.name.starts_with(':');
      if (pseudo && regular_seen) return "a pseudo-header field after a regular one";
      regular_seen = regular_seen || !pseudo;
      if (const char* problem = pseudo ? add_pseudo(field) : add_regular(field); problem != nullptr) return problem;
    }
    if (kind_ == BlockKind::kRequest) return complete_request();
    if (kind_ == BlockKind::kResponse) return complete_response();
    return nullptr;
  }

 private:
  static const char* set_once(std::string_view& to, std::string_view value) {
    if (to.data() != nullptr) return "a pseudo-header field came twice";
    to = value;
    return nullptr;
  }

  const char* add_pseudo(const Field& field) {
    if (kind_ == BlockKind::kRequest) {
      if (field.name == ":method") return set_once(method_, field.value);
      if (field.name == ":scheme") return set_once(scheme_, field.value);
      if (field.name == ":path") return set_once(path_, field.value);
      if (field.name == ":authority") return set_once(authority_, field.value);
    } else if (kind_ == BlockKind::kResponse && field.name == ":status") {
      return set_once(status_, field.value);
    }
    return "a pseudo-header field that does not belong here";
  }

  const char* add_regular(const Field& field) {
    if (!is_name(field.name)) return "a field's name is not lower-case, or no token";
    if (is_connection_specific(field.name)) return "a field that is only for HTTP/1.1";
    if (field.name == "te" && field.value != "trailers") return R"("te" says something else than "trailers")";
    if (field.name == "host") return set_host(field.value);
    if (field.name == "content-length") return add_content_length(field.value);
    return nullptr;
  }

  const char* set_host(std::string_view value) {
    if (host_.data() != nullptr) return R"("host" came twice)";
    host_ = value;
    return nullptr;
  }

  const char* add_content_length(std::string_view value) {
    const auto length = text::number_of<std::int64_t>(value);
    if (block_.content_length || !length || value.front() == '-') {
      return "\"content-length\" is no number, or came twice";
    }
    block_.content_length = length;
    return nullptr;
  }

  [[nodiscard]] const char* complete_request() const {
    if (method_.empty()) return "a request without \":method\"";
    if (authority_.find('@') != std::string_view::npos) return "\":authority\" with user information";
    if (!authority_.empty() && !host_.empty() && !same_authority(authority_, host_, scheme_)) {
      return R"("host" is not what ":authority" says)";
    }
    if (method_ == "CONNECT") {
      return authority_.empty() || path_.data() != nullptr || scheme_.data() != nullptr
                 ? R"(a CONNECT request has ":authority", and neither ":scheme" nor ":path")"
                 : nullptr;
    }
    if (scheme_.empty()) return "a request without \":scheme\"";
    if (!path_.starts_with('/') && !(path_ == "*" && method_ == "OPTIONS")) return "a request without a \":path\"";
    return nullptr;
  }

  const char* complete_response() const {
    if (status_.size() != 3 ||
        !std::all_of(status_.begin(), status_.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return "a response without a \":status\" of three digits";
    }
    // HTTP/2 has no switching of protocols (RFC 9113 §8.6).
    if (status_ == "101") return "\":status\" 101";
    block_.informational = status_.starts_with('1');
    return nullptr;
  }

  HeaderBlock& block_;
  BlockKind kind_;
  std::string_view method_;
  std::string_view scheme_;
  std::string_view path_;
  std::string_view authority_;
  std::string_view host_;
  std::string_view status_;
};

}  // namespace

bool is_connection_specific(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "transfer-encoding" ||
         name == "upgrade";
}

void check_fields(HeaderBlock& block, BlockKind kind) { block.problem = Check{block, kind}.run(); }

}  // namespace tern::http2
