#include "rest/json_route.h"

#include <fmt/format.h>

#include "rest/cors.h"
#include "rest/media_type.h"

namespace tern::rest {

namespace {

/// RFC 9110 §9.2.1.
bool is_safe(const Request& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

bool takes_json(const HttpBinding& binding) {
  return binding.body() != HttpBinding::Body::kNone && !binding.takes_any_content();
}

}  // namespace

void check_json_request(const HttpBinding& binding, const CorsOptions& cors, const Request& request) {
  if (!is_safe(request)) require_permitted_origin(cors, request);
  if (!takes_json(binding) || media_type_of(request).is_json()) return;
  const std::string_view type = request.fields.get("content-type").value_or("none");
  throw HttpError{415, fmt::format("{} {} takes JSON: the content type is application/json, not {}", request.method,
                                   binding.path(), type)};
}

}  // namespace tern::rest
