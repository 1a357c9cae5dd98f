// The protocols that carry any method under its gRPC path, and how they are told apart: by the content type.
//
//   Connect, unary:   application/proto, application/json; a message is the body       (connectrpc.com/docs/protocol)
//                     GET, for methods without side effects; the query has the message
//   Connect, streams: application/connect+proto, application/connect+json; messages in envelopes, the last one the end
//   gRPC-Web:         application/grpc-web[+proto|+json], and -text in base64; the same with trailers as the last one
//                     (grpc/doc/PROTOCOL-WEB.md)
//
// Names of types and codings are read in any case, parameters of content types are allowed.
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
  /// gRPC-Web's base64, of the request and of the response.
  bool text = false;
  bool text_response = false;
  /// The response's.
  std::string content_type;
  /// The request's, and the method that it names; null when it is not known.
  std::string_view path = {};
  const google::protobuf::MethodDescriptor* method = nullptr;
};

/// Returns nothing when the request is in none of the protocols, or when `method` cannot be called in the one it is in.
/// `method` is the one that the request's path names, or null. Throws HttpError for a GET whose query is malformed.
std::optional<RpcProtocol> protocol_of(const google::protobuf::MethodDescriptor* method, const Request& request);

/// True when the request's content type or its version field is Connect's, or the message is to be in its query: such a
/// client reads errors as Connect writes them. JSON without the version field may be REST as well.
bool speaks_connect(const Request& request);

/// The answer to a request whose path is the method's and that is in none of its protocols: 405 with Allow or 415 with
/// Accept-Post, as Connect's specification asks.
Response refuse_protocol(const SiteOptions& options, const google::protobuf::MethodDescriptor& method,
                         const Request& request);
/// The HTTP methods that the method may be called with, as Allow lists them.
std::string_view http_methods_of(const google::protobuf::MethodDescriptor& method);

/// Throws RpcError (INVALID_ARGUMENT) for another version of Connect than "1". A client may leave the field out.
void require_connect_version(const Request& request);

/// connect.cc: a POST whose body is the message, or a GET whose query has it. Throws HttpError and RpcError.
Task<Response> serve_connect_unary(const Gateway& gateway, Request& request, RpcProtocol protocol);
/// enveloped.cc: all others.
Task<Response> serve_enveloped(const Gateway& gateway, Request& request, RpcProtocol protocol);
/// The end alone, of a call that is not made: as the protocol's last envelope.
Response enveloped_error(const Gateway& gateway, const RpcProtocol& protocol, const Status& status);

/// The content of gRPC-Web's last envelope: trailers as lines.
std::string grpc_web_trailers(const Status& status, const Metadata& trailing);

/// Between the wire's form of a message and protobuf's own. JSON of a method that is not known is UNIMPLEMENTED.
Result<std::string> decode_request(const Gateway& gateway, const RpcProtocol& protocol, std::string bytes);
Result<std::string> encode_response(const Gateway& gateway, const RpcProtocol& protocol, std::string bytes);

}  // namespace tern::rest
