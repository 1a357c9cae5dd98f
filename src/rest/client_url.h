// ClientUrl: the parts of an absolute http or https URL that a client needs to send a request (RFC 9110 §4.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::rest {

struct TERN_API ClientUrl {
  /// Without the brackets of an IPv6 address.
  std::string host;
  /// The value of the Host field: the host, and the port where the URL names one.
  std::string authority;
  std::uint16_t port = 80;
  bool secure = false;
  /// Path and query. The fragment is not sent.
  std::string target;

  /// Throws std::invalid_argument for a text that is not an absolute http or https URL.
  static ClientUrl parse(std::string_view text);

  /// The origin (RFC 6454): scheme, host in lower case and port. Connections and credentials belong to one.
  [[nodiscard]] std::string origin() const;
};

/// Resolves the `location` of a response against the URL of its request (RFC 3986 §5). Throws std::invalid_argument for
/// a location that is not a URL reference, or does not lead to an http or https URL.
std::string resolve_location(std::string_view url, std::string_view location);

}  // namespace tern::rest
