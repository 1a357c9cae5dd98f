#include "rest/cors.h"

#include <algorithm>
#include <stdexcept>

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
