#include "rest/rpc_protocol.h"

#include <utility>

namespace tern::rest {

namespace {

/// Without parameters: "application/json" of "application/json; charset=utf-8".
std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type;
}

Status unknown_to_json(std::string_view path) {
  return Status{StatusCode::kUnimplemented,
                "the messages of " + std::string{path} + " are not known here, so they cannot be JSON"};
}

}  // namespace

std::optional<RpcProtocol> protocol_of(const Gateway& gateway, const Request& request) {
  using Kind = RpcProtocol::Kind;
  const std::string_view type = media_type(request.fields.get("content-type").value_or(std::string_view{}));
  RpcProtocol protocol{.kind = Kind::kConnectUnary, .content_type = std::string{type}};
  protocol.path = request.path();
  protocol.method = gateway.find(protocol.path);
  if (request.method == "GET") {
    if (request.query().find("connect=v1") == std::string_view::npos) return std::nullopt;
    return protocol;
  }
  if (request.method != "POST") return std::nullopt;
  protocol.json = type.ends_with("json");
  if (type == "application/json" || type == "application/proto") return protocol;
  if (type == "application/connect+json" || type == "application/connect+proto") {
    protocol.kind = Kind::kConnectStream;
    return protocol;
  }
  if (!type.starts_with("application/grpc-web")) return std::nullopt;
  protocol.kind = Kind::kGrpcWeb;
  protocol.text = type.starts_with("application/grpc-web-text");
  const std::string_view format = type.substr(protocol.text ? 25 : 20);
  if (!format.empty() && format != "+proto" && format != "+json") return std::nullopt;
  return protocol;
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

Result<Compression> compression_of(const Request& request, std::string_view field) {
  const auto name = request.fields.get(field);
  if (!name) return Compression::kIdentity;
  const auto known = rpc::parse_compression(*name);
  if (known) return *known;
  return Status{StatusCode::kUnimplemented, std::string{field} + " \"" + std::string{*name} + "\" is not one of " +
                                                std::string{rpc::kAcceptedEncodings}};
}

}  // namespace tern::rest
