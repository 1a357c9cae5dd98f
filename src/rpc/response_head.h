// What a server's header blocks say to the client: the first one, and the trailers (which may be the only one).
#pragma once

#include <string>
#include <string_view>

#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

class ResponseHead {
 public:
  /// One field after the other, as received.
  void add(std::string_view name, std::string_view value);

  /// The block is complete; `last`: it ended the stream, so it was the trailers.
  void end_block(bool last);

  /// How the call ended, once the stream has: by grpc-status, or by what HTTP says where a proxy answered in place of a
  /// gRPC server ("HTTP to gRPC Status Code Mapping").
  [[nodiscard]] Status status() const;
  /// Not OK as soon as it is clear that this is no gRPC answer.
  [[nodiscard]] Status problem() const;

  [[nodiscard]] bool initial_received() const noexcept { return blocks_ > 0; }
  Metadata& initial() noexcept { return initial_; }
  Metadata& trailing() noexcept { return trailing_; }

 private:
  int blocks_ = 0;
  int http_status_ = 0;
  int grpc_status_ = -1;
  bool is_grpc_ = false;
  bool last_ = false;
  std::string content_type_;
  std::string encoding_;
  std::string message_;
  std::string details_;
  std::string bad_key_;
  Metadata initial_;
  Metadata trailing_;
};

}  // namespace tern::rpc
