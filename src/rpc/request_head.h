// What the header block of a call says to the server; all but the timeout, which differs from call to call.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tern/rpc/compression.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern::rpc {

class RequestHead {
 public:
  /// One field after the other, as received.
  void add(std::string_view name, std::string_view value);

  /// The HTTP status to refuse the request with, when it is no gRPC call at all: 405 or 415; 0 for a gRPC call.
  [[nodiscard]] int http_refusal() const noexcept;
  /// Not OK when the call itself is malformed.
  [[nodiscard]] const Status& problem() const noexcept { return problem_; }

  /// "/package.Service/Method".
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// How the client compresses its messages, and whether it can read what is compressed like this.
  [[nodiscard]] Compression encoding() const noexcept { return encoding_; }
  [[nodiscard]] bool accepts(Compression compression) const noexcept {
    return compression == Compression::kIdentity || accepted_.at(static_cast<std::size_t>(compression));
  }
  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }

 private:
  void accept(std::string_view list);
  void add_content_type(std::string_view value);
  void add_grpc(std::string_view name, std::string_view value);

  std::string path_;
  Metadata metadata_;
  Status problem_;
  Compression encoding_ = Compression::kIdentity;
  std::array<bool, 3> accepted_{};
  bool is_post_ = false;
  bool is_grpc_ = false;
};

}  // namespace tern::rpc
