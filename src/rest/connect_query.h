// The query of a Connect GET (connectrpc.com/docs/protocol, Unary-Get-Request):
// ?connect=v1&encoding=json&message=…, with base64=1 and compression=gzip where the client wants them. Parameters stand
// in any order, beside others; of one that is given twice the first counts, as in Connect's other implementations.
#pragma once

#include <optional>
#include <string>

#include "tern/rest/message.h"
#include "tern/rpc/compression.h"

namespace tern::rest {

/// A unary call's message as the client sent it.
struct SentMessage {
  /// Still compressed.
  std::string bytes;
  Compression coding = Compression::kIdentity;
};

/// The content type that stands for the query's encoding: "application/json" or "application/proto". Nothing when the
/// query has none of the two. Throws HttpError (400) when the query is malformed.
std::optional<std::string> content_type_in_query(const Request& request);

/// Throws RpcError: INVALID_ARGUMENT when the message is missing, is not base64, or the version is not "v1";
/// UNIMPLEMENTED for an unknown compression.
SentMessage message_in_query(const Request& request);

}  // namespace tern::rest
