#include "rest/http2_request_fields.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tern::rest {

namespace {

constexpr std::array<std::string_view, 5> kOfTheConnection{"connection", "keep-alive", "proxy-connection",
                                                           "transfer-encoding", "upgrade"};

bool is_for_http1_only(std::string_view name, std::string_view value) {
  return std::ranges::find(kOfTheConnection, name) != kOfTheConnection.end() || (name == "te" && value != "trailers");
}

std::string_view without_blanks(std::string_view value) {
  constexpr std::string_view kBlanks = " \t";
  value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
  return value.substr(0, value.find_last_not_of(kBlanks) + 1);
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
    const std::string_view value = without_blanks(given);
    if (!is_for_http1_only(name, value)) fields.push_back({name, value, name == "user-agent"});
  }
  return fields;
}

}  // namespace tern::rest
