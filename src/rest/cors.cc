#include "rest/cors.h"

#include <algorithm>
#include <stdexcept>

#include "http2/authority.h"

namespace tern::rest {

namespace {

/// What access-control-allow-origin says to this one; nothing when it may not.
std::optional<std::string_view> allowed(const CorsOptions& options, const Request& request) {
  const auto origin = request.fields.get("origin");
  if (!origin) return std::nullopt;
  for (const std::string& known : options.origins) {
    if (known == "*") return "*";
    if (known == *origin) return origin;
  }
  return std::nullopt;
}

/// Whether the page that asks is one of this site. Origins are "https://example.com:8000", or "null".
bool is_own_page(const Request& request) {
  if (const auto site = request.fields.get("sec-fetch-site")) return *site == "same-origin" || *site == "none";
  const auto origin = request.fields.get("origin");
  if (!origin) return true;
  const std::size_t scheme = origin->find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view host = request.fields.get("host").value_or(std::string_view{});
  return http2::same_authority(origin->substr(scheme + 3), host, origin->substr(0, scheme));
}

}  // namespace

void check(const CorsOptions& options) {
  if (options.credentials && std::ranges::find(options.origins, "*") != options.origins.end()) {
    throw std::invalid_argument("CORS with credentials needs origins by name: browsers refuse \"*\" then");
  }
}

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && request.fields.get("origin") &&
         request.fields.get("access-control-request-method");
}

Response answer_preflight(const CorsOptions& options, const Request& request, std::string_view methods) {
  Response response{204};
  permit(options, request, response);
  if (!response.fields.get("access-control-allow-origin")) return response;
  response.fields.add("access-control-allow-methods", methods);
  if (const auto wanted = request.fields.get("access-control-request-headers")) {
    response.fields.add("access-control-allow-headers", *wanted);
  }
  response.fields.add("access-control-max-age", std::to_string(options.max_age.count()));
  return response;
}

void require_permitted_origin(const CorsOptions& options, const Request& request) {
  if (allowed(options, request) || is_own_page(request)) return;
  const std::string_view origin = request.fields.get("origin").value_or("another site");
  throw HttpError{403, "pages of " + std::string{origin} + " may not call this site (CorsOptions::origins)"};
}

void permit(const CorsOptions& options, const Request& request, Response& response) {
  if (options.origins.empty()) return;
  response.fields.add("vary", "origin");
  const auto origin = allowed(options, request);
  if (!origin) return;
  std::string exposed;
  for (const auto& [name, value] : response.fields) {
    if (name != "vary") exposed += (exposed.empty() ? "" : ", ") + name;
  }
  response.fields.add("access-control-allow-origin", *origin);
  if (options.credentials) response.fields.add("access-control-allow-credentials", "true");
  if (!exposed.empty()) response.fields.add("access-control-expose-headers", exposed);
}

}  // namespace tern::rest
