#include "rest/http1_target.h"

#include <algorithm>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

// RFC 3986 §3.2.2: unreserved, sub-delims and the percent of encoded ones.
constexpr detail::Octets kNameOctets = detail::octets_of("-._~!$&'()*+,;=%");
constexpr detail::Octets kAddressOctets = detail::octets_of("-._~!$&'()*+,;=:%");

bool all_of(std::string_view text, const detail::Octets& allowed) {
  return std::ranges::all_of(text, [&allowed](char octet) { return allowed[static_cast<unsigned char>(octet)]; });
}

/// A fragment is not part of a target. Octets that a URI would encode, such as "|" and UTF-8, are left to the site.
bool is_path(std::string_view text) {
  return std::ranges::none_of(text, [](char octet) { return octet == ' ' || octet == '#' || octet == '\t'; });
}

/// host ":" port, both there.
bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  return is_host(text) && colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() && text.back() != ']';
}

std::optional<Http1Target> parse_absolute(std::string_view method, std::string_view target) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = target.substr(0, colon);
  if (!equals_lower(scheme, "http") && !equals_lower(scheme, "https")) return std::nullopt;
  target.remove_prefix(colon + 3);
  const std::string_view authority = target.substr(0, target.find_first_of("/?"));
  // An http URI has a host and no user information (RFC 9110 §4.2.1, §4.2.4).
  if (authority.empty() || authority.starts_with(':') || !is_host(authority)) return std::nullopt;
  target.remove_prefix(authority.size());
  Http1Target parsed{.path = std::string{target}, .authority = std::string{authority}};
  if (parsed.path.empty() && method == "OPTIONS") {
    parsed.path = "*";  // RFC 9112 §3.2.4
  } else if (!parsed.path.starts_with('/')) {
    parsed.path.insert(0, 1, '/');
  }
  return parsed;
}

}  // namespace

bool is_host(std::string_view text) {
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || end == 1 || !all_of(text.substr(1, end - 1), kAddressOctets)) return false;
    ++end;
  } else if (!all_of(text.substr(0, end), kNameOctets)) {
    return false;
  }
  if (end >= text.size()) return true;
  return text[end] == ':' && std::ranges::all_of(text.substr(end + 1), is_digit);
}

std::optional<Http1Target> parse_target(std::string_view method, std::string_view target) {
  if (!is_path(target)) return std::nullopt;
  if (method == "CONNECT") {
    if (!is_host_and_port(target)) return std::nullopt;
    return Http1Target{.path = {}, .authority = std::string{target}};
  }
  if (target.starts_with('/')) return Http1Target{.path = std::string{target}, .authority = std::nullopt};
  if (target == "*" && method == "OPTIONS") return Http1Target{.path = "*", .authority = std::nullopt};
  return parse_absolute(method, target);
}

}  // namespace tern::rest
