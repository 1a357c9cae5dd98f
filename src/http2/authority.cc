#include "http2/authority.h"

#include <algorithm>

namespace tern::http2 {

namespace {

std::string_view default_port(std::string_view scheme) noexcept {
  if (scheme == "https") return "443";
  return scheme == "http" ? "80" : "";
}

struct Authority {
  std::string_view host;
  std::string_view port;  // empty for the scheme's default
};

Authority parse(std::string_view text, std::string_view scheme) noexcept {
  const std::size_t colon = text.rfind(':');
  // Colons inside of brackets are an IPv6 address's.
  if (colon == std::string_view::npos || text.find(']', colon) != std::string_view::npos) return {text, {}};
  const std::string_view port = text.substr(colon + 1);
  return {text.substr(0, colon), port == default_port(scheme) ? std::string_view{} : port};
}

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

bool same_authority(std::string_view one, std::string_view other, std::string_view scheme) noexcept {
  const Authority first = parse(one, scheme);
  const Authority second = parse(other, scheme);
  return first.port == second.port && std::ranges::equal(first.host, second.host, {}, lower, lower);
}

}  // namespace tern::http2
