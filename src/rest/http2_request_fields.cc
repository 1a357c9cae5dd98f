#include "rest/http2_request_fields.h"

#include <string_view>

#include "http2/field_rules.h"
#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

bool is_for_http1_only(std::string_view name, std::string_view value) {
  return http2::is_connection_specific(name) || (name == "te" && value != "trailers");
}

}  // namespace

http2::HeaderFields http2_request_fields(const RequestHead& head) {
  http2::HeaderFields fields;
  fields.reserve(4 + head.fields.size());
  fields.push_back({":method", head.method, true});
  fields.push_back({":scheme", head.secure ? "https" : "http", true});
  fields.push_back({":authority", head.authority, true});
  fields.push_back({":path", head.target, false});
  for (const auto& [name, given] : head.fields) {
    const std::string_view value = trimmed(given);
    if (!is_for_http1_only(name, value)) fields.push_back({name, value, name == "user-agent"});
  }
  return fields;
}

}  // namespace tern::rest
