// Percent-encoding of grpc-message: UTF-8 details as printable ASCII (gRPC over HTTP/2, "Percent-Byte-Unencoded").
#pragma once

#include <string>
#include <string_view>

namespace tern::rpc {

std::string percent_encode(std::string_view text);

/// What is no valid escape stays as it is: a peer's broken message is better shown than lost.
std::string percent_decode(std::string_view text);

}  // namespace tern::rpc
