// Content codings (RFC 9110 §8.4.1) of requests and responses. Connect and gRPC-Web name them in fields of their own,
// with the same words: "identity", "gzip", "deflate".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http2/buffer.h"
#include "tern/rest/message.h"
#include "tern/rpc/compression.h"

namespace tern::rest {

/// The fields of one protocol.
struct CodingFields {
  std::string_view content;  // names the coding of what is sent
  std::string_view accept;   // lists the codings that the sender can read
};
inline constexpr CodingFields kHttpCodings{"content-encoding", "accept-encoding"};
inline constexpr CodingFields kConnectStreamCodings{"connect-content-encoding", "connect-accept-encoding"};
inline constexpr CodingFields kGrpcWebCodings{"grpc-encoding", "grpc-accept-encoding"};

/// The coding of this name, in any case; identity for an empty one. Throws RpcError (UNIMPLEMENTED), whose text lists
/// what is supported; `where` names the field or parameter.
Compression parse_coding(std::string_view name, std::string_view where);

/// The coding that a client reads best of those in its list, which may have weights (RFC 9110 §12.5.3). Identity when
/// it lists none that is supported.
Compression preferred_coding(std::string_view accepted);

/// True when a client with this Accept-Encoding reads gzip, and likes it no less than plain bytes. "*" stands for every
/// coding that is not listed.
[[nodiscard]] bool accepts_gzip(std::string_view accepted);

/// How to compress a response: as the request's list prefers; without a list, as the request itself is compressed,
/// which Connect's specification allows.
Compression response_coding(const Request& request, const CodingFields& fields);

/// Inflates `content`, which stays as it is when it is empty. Throws RpcError: RESOURCE_EXHAUSTED when it becomes
/// longer than `limit` bytes, INVALID_ARGUMENT when it is broken.
Buffer inflate(Buffer content, Compression coding, std::size_t limit);

/// Compresses the body, if that makes it shorter, and says so in the fields. For a response without `pieces`.
void compress_body(Response& response, Compression coding);

}  // namespace tern::rest
