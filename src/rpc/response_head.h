// What a server's header blocks say to the client: the first one, and the trailers (which may be the only one).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rpc/compression.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

/// One block, as read; it may serve many calls.
class ResponseBlock {
 public:
  /// One field after the other, as received.
  void add(std::string_view name, std::string_view value);

  /// How the server compresses its messages; problem() says when that is not known.
  [[nodiscard]] Compression encoding() const noexcept {
    return parse_compression(encoding_).value_or(Compression::kIdentity);
  }
  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }
  /// What the server says of when to call again (grpc-retry-pushback-ms); nothing when it says nothing.
  [[nodiscard]] const std::optional<std::string>& retry_pushback() const noexcept { return retry_pushback_; }
  /// Not OK when, as a first block, it is no gRPC answer.
  [[nodiscard]] Status problem() const;

 private:
  friend Status final_status(const ResponseBlock& first, const ResponseBlock* last);
  int http_status_ = 0;
  int grpc_status_ = -1;
  bool is_grpc_ = false;
  std::string content_type_;
  std::string unknown_format_;
  std::string encoding_;
  std::string message_;
  std::string details_;
  std::string bad_key_;
  std::optional<std::string> retry_pushback_;
  Metadata metadata_;
};

/// How the call ended: by grpc-status, or by what HTTP says where a proxy answered in place of a gRPC server ("HTTP to
/// gRPC Status Code Mapping"). `last` is the block that ended the stream, null where none did; it may be the first.
Status final_status(const ResponseBlock& first, const ResponseBlock* last);

}  // namespace tern::rpc
