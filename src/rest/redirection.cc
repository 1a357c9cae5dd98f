#include "rest/redirection.h"

#include <array>
#include <string_view>
#include <utility>

#include "rest/client_url.h"

namespace tern::rest {

namespace {

// Fields that only the first origin may read. Clients agree on these (Fetch standard, "HTTP-redirect fetch"; curl; Go).
constexpr std::array<std::string_view, 3> kCredentials{"authorization", "cookie", "proxy-authorization"};

// Fields that describe content that is not sent again.
constexpr std::array<std::string_view, 7> kOfContent{"content-encoding", "content-language", "content-length",
                                                     "content-location", "content-type",     "digest",
                                                     "last-modified"};

bool becomes_get(const std::string& method, unsigned status) {
  // Browsers turned a POST into a GET on 301 and 302 before RFC 2616 forbade it, and RFC 9110 §15.4.2 allows it.
  if (status == 301 || status == 302) return method == "POST";
  return status == 303 && method != "GET" && method != "HEAD";
}

}  // namespace

std::optional<Redirection> redirection_of(const std::string& method, const std::string& url, unsigned status,
                                          const Fields& fields) {
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      break;
    default:
      return std::nullopt;
  }
  const auto location = fields.get("location");
  if (!location) return std::nullopt;
  Redirection to;
  to.url = resolve_location(url, *location);
  to.as_get = becomes_get(method, status);
  to.other_origin = ClientUrl::parse(to.url).origin() != ClientUrl::parse(url).origin();
  return to;
}

void follow(ClientRequest& request, const Redirection& to) {
  request.url = to.url;
  if (to.as_get) {
    request.method = "GET";
    request.body.clear();
    request.pieces = {};
    request.length.reset();
    for (const std::string_view name : kOfContent) request.fields.remove(name);
  }
  if (to.other_origin) {
    for (const std::string_view name : kCredentials) request.fields.remove(name);
    request.fields.remove("host");
  }
}

}  // namespace tern::rest
