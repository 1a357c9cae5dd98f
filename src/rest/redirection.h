// Redirection: which request follows a response with a status of 301, 302, 303, 307 or 308 (RFC 9110 §15.4).
#pragma once

#include <optional>
#include <string>

#include "tern/rest/client.h"

namespace tern::rest {

/// Where a response sends its client.
struct Redirection {
  /// Absolute.
  std::string url;
  /// The next request is a GET without content.
  bool as_get = false;
  /// The next request goes to another origin and must not have the credentials of this one (RFC 9110 §11.6.2).
  bool other_origin = false;
};

/// Returns nothing for a response that is the answer itself: of any other status, or without a Location field. Throws
/// std::invalid_argument for a Location that does not lead to an http or https URL.
std::optional<Redirection> redirection_of(const std::string& method, const std::string& url, unsigned status,
                                          const Fields& fields);

/// Changes `request` into the one that follows.
void follow(ClientRequest& request, const Redirection& to);

}  // namespace tern::rest
