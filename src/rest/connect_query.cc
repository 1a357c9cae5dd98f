#include "rest/connect_query.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "rest/content_coding.h"
#include "rpc/base64.h"
#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> first_of(const Parameters& parameters, std::string_view name) {
  const auto found = std::ranges::find(parameters, name, &Parameters::value_type::first);
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

/// Base64 in the alphabet for URLs (RFC 4648 §5), or in the usual one.
std::string from_url_base64(std::string text) {
  for (char& letter : text) {
    if (letter == '-') letter = '+';
    if (letter == '_') letter = '/';
  }
  std::optional<std::string> bytes = rpc::decode_base64(text);
  if (!bytes) throw RpcError{Status{StatusCode::kInvalidArgument, R"(the query's "message" is not base64)"}};
  return *std::move(bytes);
}

}  // namespace

std::optional<std::string> content_type_in_query(const Request& request) {
  const std::optional<std::string> encoding = first_of(request.query_parameters(), "encoding");
  if (!encoding) return std::nullopt;
  const std::string name = rpc::lower_case(*encoding);
  if (name != "json" && name != "proto") return std::nullopt;
  return "application/" + name;
}

SentMessage message_in_query(const Request& request) {
  const Parameters parameters = request.query_parameters();
  const std::optional<std::string> version = first_of(parameters, "connect");
  if (version && *version != "v1") {
    throw RpcError{Status{StatusCode::kInvalidArgument, R"(the query's "connect" is "v1", not ")" + *version + "\""}};
  }
  std::optional<std::string> message = first_of(parameters, "message");
  if (!message) throw RpcError{Status{StatusCode::kInvalidArgument, R"(the query has no "message")"}};
  SentMessage sent{.bytes = *std::move(message)};
  if (first_of(parameters, "base64") == "1") sent.bytes = from_url_base64(std::move(sent.bytes));
  sent.coding = parse_coding(first_of(parameters, "compression").value_or(""), "compression");
  return sent;
}

}  // namespace tern::rest
