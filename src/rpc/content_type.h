// The content type of gRPC: "application/grpc", a message format as its suffix, parameters (gRPC over HTTP/2,
// "Content-Type"). Media types have no case (RFC 9110 §8.3.1).
#pragma once

#include <string>
#include <string_view>

namespace tern::rpc {

struct ContentType {
  bool is_grpc = false;
  /// The suffix in lower case, where it names another format than protobuf: "json" of "application/grpc+json".
  std::string unknown_format;
};

ContentType parse_content_type(std::string_view value);

}  // namespace tern::rpc
