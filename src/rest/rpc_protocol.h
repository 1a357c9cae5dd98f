// The protocols that carry any method under its gRPC path, and how they are told apart: by the content type.
//
//   Connect, unary:   application/proto, application/json; a message is the body       (connectrpc.com/docs/protocol)
//   Connect, streams: application/connect+proto, application/connect+json; messages in envelopes, the last one the end
//   gRPC-Web:         application/grpc-web[+proto|+json], and -text in base64; the same with trailers as the last one
//                     (grpc/doc/PROTOCOL-WEB.md)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rest/gateway.h"
#include "tern/rest/message.h"

namespace tern::rest {

struct RpcProtocol {
  enum class Kind { kConnectUnary, kConnectStream, kGrpcWeb };
  Kind kind;
  bool json = false;
  bool text = false;  // gRPC-Web's base64
  std::string content_type;
  /// The request's, and the method that it names; null when it is not known.
  std::string_view path = {};
  const google::protobuf::MethodDescriptor* method = nullptr;
};

/// Nothing when the request is in none of them.
std::optional<RpcProtocol> protocol_of(const Gateway& gateway, const Request& request);

/// connect.cc: a POST whose body is the message, or a GET whose query has it. Throws HttpError.
Task<Response> serve_connect_unary(const Gateway& gateway, Request& request, RpcProtocol protocol);
/// enveloped.cc: all others.
Task<Response> serve_enveloped(const Gateway& gateway, Request& request, RpcProtocol protocol);

/// Connect's error: {"code":"not_found","message":"…","details":[…]}.
std::string connect_error(const Status& status);
/// The content of Connect's last envelope.
std::string connect_end(const Status& status, const Metadata& trailing);
/// The content of gRPC-Web's: trailers as lines.
std::string grpc_web_trailers(const Status& status, const Metadata& trailing);

/// Between the wire's form of a message and protobuf's own. JSON of a method that is not known is UNIMPLEMENTED.
Result<std::string> decode_request(const Gateway& gateway, const RpcProtocol& protocol, std::string bytes);
Result<std::string> encode_response(const Gateway& gateway, const RpcProtocol& protocol, std::string bytes);

/// Of content-encoding and its like; UNIMPLEMENTED where it is none that this side can read.
Result<Compression> compression_of(const Request& request, std::string_view field);

}  // namespace tern::rest
