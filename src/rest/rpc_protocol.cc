#include "rest/rpc_protocol.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "rest/connect_error.h"
#include "rest/connect_query.h"
#include "rest/error_response.h"
#include "rest/media_type.h"
#include "rest/status_json.h"
#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

using google::protobuf::MethodDescriptor;
using ProtocolKind = RpcProtocol::Kind;

constexpr std::string_view kGrpc = "application/grpc";
constexpr std::string_view kGrpcWeb = "application/grpc-web";
constexpr std::string_view kGrpcWebText = "application/grpc-web-text";

bool is_stream(const MethodDescriptor& method) { return method.client_streaming() || method.server_streaming(); }

/// A GET may be repeated, and cached on its way.
bool allows_get(const MethodDescriptor& method) {
  return !is_stream(method) && method.options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
}

bool is_get(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

Status unknown_to_json(std::string_view path) {
  return Status{StatusCode::kUnimplemented,
                "the messages of " + std::string{path} + " are not known here, so they cannot be JSON"};
}

/// A client may ask for text only to send it, or only to receive it.
bool accepts_text(const Request& request) {
  return rpc::lower_case(request.fields.joined("accept")).find(kGrpcWebText) != std::string::npos;
}

std::optional<RpcProtocol> grpc_web_of(const MediaType& media, const Request& request) {
  RpcProtocol protocol{.kind = ProtocolKind::kGrpcWeb, .content_type = {}};
  protocol.text = media.type.starts_with(kGrpcWebText);
  protocol.text_response = protocol.text || accepts_text(request);
  const std::string format = media.type.substr(protocol.text ? kGrpcWebText.size() : kGrpcWeb.size());
  if (!format.empty() && format != "+proto" && format != "+json") return std::nullopt;
  protocol.json = format == "+json";
  protocol.content_type = std::string{protocol.text_response ? kGrpcWebText : kGrpcWeb} + format;
  return protocol;
}

std::optional<RpcProtocol> connect_of(const MediaType& media, const MethodDescriptor* method) {
  RpcProtocol protocol{.kind = ProtocolKind::kConnectUnary, .content_type = media.type};
  protocol.json = media.type.ends_with("json");
  if (protocol.json && !media.is_utf8()) return std::nullopt;
  if (media.type == "application/json" || media.type == "application/proto") {
    // JSON to another path is REST.
    if (method == nullptr || is_stream(*method)) return std::nullopt;
    return protocol;
  }
  if (media.type != "application/connect+json" && media.type != "application/connect+proto") return std::nullopt;
  if (method != nullptr && !is_stream(*method)) return std::nullopt;
  protocol.kind = ProtocolKind::kConnectStream;
  return protocol;
}

std::string accept_post(const MethodDescriptor& method) {
  const std::string_view connect =
      is_stream(method) ? "application/connect+json, application/connect+proto" : "application/json, application/proto";
  return fmt::format("{}, {}, {}+json, {}+proto, {}, {}+json, {}+proto", connect, kGrpcWeb, kGrpcWeb, kGrpcWeb,
                     kGrpcWebText, kGrpcWebText, kGrpcWebText);
}

/// Clients of the other protocols would read JSON with a code as Connect's, or not at all: they get text. All others
/// get the site's form of errors, where it has one.
Response refuse(const SiteOptions& options, const Request& request, unsigned http_status, const std::string& why,
                std::pair<std::string_view, std::string_view> field) {
  Response response =
      speaks_connect(request) ? connect_refusal(http_status, why) : Response{http_status, "text/plain", why + "\n"};
  response.fields.add(field.first, field.second);
  if (speaks_connect(request) || media_type_of(request).type.starts_with(kGrpc)) return response;
  const Status status{code_of_http_status(http_status), why};
  return shaped(options, {request, http_status, status}, std::move(response));
}

Response method_not_allowed(const SiteOptions& options, const MethodDescriptor& method, const Request& request) {
  const std::string_view allowed = http_methods_of(method);
  std::string why = fmt::format("{} is called by {}, not by {}", path_of(method), allowed, request.method);
  if (is_get(request) && !is_stream(method)) why += ": it has no idempotency_level = NO_SIDE_EFFECTS";
  return refuse(options, request, 405, why, {"allow", allowed});
}

Response unsupported_type(const SiteOptions& options, const MethodDescriptor& method, const Request& request) {
  const std::string accepted = accept_post(method);
  const std::string why =
      request.method == "POST"
          ? fmt::format("the content type for {} is one of {}", path_of(method), accepted)
          : fmt::format(R"(the query for {} needs "encoding", which is "json" or "proto")", path_of(method));
  return refuse(options, request, 415, why, {"accept-post", accepted});
}

}  // namespace

std::optional<RpcProtocol> protocol_of(const MethodDescriptor* method, const Request& request) {
  std::optional<RpcProtocol> protocol;
  if (is_get(request)) {
    if (method == nullptr || !allows_get(*method)) return std::nullopt;
    const std::optional<std::string> type = content_type_in_query(request);
    if (type)
      protocol =
          RpcProtocol{.kind = ProtocolKind::kConnectUnary, .json = type->ends_with("json"), .content_type = *type};
  } else if (request.method == "POST") {
    const MediaType media = media_type_of(request);
    protocol = media.type.starts_with(kGrpcWeb) ? grpc_web_of(media, request) : connect_of(media, method);
  }
  if (!protocol) return std::nullopt;
  protocol->path = request.path();
  protocol->method = method;
  return protocol;
}

bool speaks_connect(const Request& request) {
  const std::string type = media_type_of(request).type;
  return is_get(request) || request.fields.get("connect-protocol-version") || type == "application/json" ||
         type == "application/proto" || type.starts_with("application/connect+");
}

std::string_view http_methods_of(const MethodDescriptor& method) {
  return allows_get(method) ? "GET, HEAD, POST" : "POST";
}

Response refuse_protocol(const SiteOptions& options, const MethodDescriptor& method, const Request& request) {
  const bool method_is_right = request.method == "POST" || (is_get(request) && allows_get(method));
  return method_is_right ? unsupported_type(options, method, request) : method_not_allowed(options, method, request);
}

Result<std::string> decode_request(const Gateway& gateway, const RpcProtocol& protocol, std::string bytes) {
  if (!protocol.json) return bytes;
  if (protocol.method == nullptr) return unknown_to_json(protocol.path);
  return gateway.from_json(*protocol.method->input_type(), bytes);
}

Result<std::string> encode_response(const Gateway& gateway, const RpcProtocol& protocol, std::string bytes) {
  if (!protocol.json) return bytes;
  if (protocol.method == nullptr) return unknown_to_json(protocol.path);
  return gateway.to_json(*protocol.method->output_type(), bytes);
}

}  // namespace tern::rest
