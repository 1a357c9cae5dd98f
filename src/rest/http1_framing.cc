#include "rest/http1_framing.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

using BodyKind = Http1Framing::Kind;
using Decision = std::variant<Http1Framing, Http1Rejection>;

/// The codings of all Transfer-Encoding fields, as far as the decision needs them.
struct Codings {
  std::size_t chunked = 0;
  std::size_t others = 0;
  bool malformed = false;
  bool chunked_is_last = false;

  void add(std::string_view coding) {
    const std::string_view name = trimmed(coding.substr(0, coding.find(';')));
    chunked_is_last = equals_lower(coding, "chunked");
    if (!is_token(name)) malformed = true;
    ++(chunked_is_last ? chunked : others);
  }
};

Decision decide_by_codings(const Codings& codings) {
  if (codings.malformed) return Http1Rejection{400, "Transfer-Encoding has an empty or malformed coding"};
  // A length that the last coding does not tell cannot be known (RFC 9112 §6.3, rule 4).
  if (!codings.chunked_is_last) return Http1Rejection{400, "the last coding of Transfer-Encoding is not \"chunked\""};
  if (codings.chunked > 1) return Http1Rejection{400, "Transfer-Encoding has \"chunked\" more than once"};
  if (codings.others > 0) return Http1Rejection{501, "Transfer-Encoding may only be \"chunked\""};
  return Http1Framing{.kind = BodyKind::kChunked};
}

Decision decide_by_length(std::string_view text) {
  std::int64_t length = 0;
  const char* end = text.data() + text.size();
  const bool digits = !text.empty() && std::ranges::all_of(text, is_digit);
  const auto parsed = std::from_chars(text.data(), end, length);
  if (!digits) return Http1Rejection{400, "Content-Length is not a number"};
  if (parsed.ec != std::errc{}) return Http1Rejection{400, "Content-Length is above 2^63 - 1"};
  return Http1Framing{.kind = BodyKind::kLength, .length = static_cast<std::uint64_t>(length)};
}

}  // namespace

Decision framing_of(const Fields& fields, unsigned minor_version) {
  std::optional<Codings> codings;
  std::optional<std::string_view> length;
  for (const auto& [name, value] : fields) {
    if (name == "transfer-encoding") {
      if (!codings) codings.emplace();
      visit_list(value, [&codings](std::string_view coding) {
        codings->add(coding);
        return true;
      });
    } else if (name == "content-length") {
      // Equal ones could be merged (RFC 9110 §8.6); who sends two has lost count all the same.
      if (length) return Http1Rejection{400, "Content-Length came more than once"};
      length = value;
    }
  }
  if (!codings) return length ? decide_by_length(*length) : Http1Framing{};
  if (length) return Http1Rejection{400, "Transfer-Encoding and Content-Length exclude each other"};
  if (minor_version == 0) return Http1Rejection{400, "HTTP/1.0 has no Transfer-Encoding"};
  return decide_by_codings(*codings);
}

}  // namespace tern::rest
