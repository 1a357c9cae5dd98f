// BodyInflater: undoes gzip or deflate of an HTTP body piece by piece (RFC 9110 §8.4.1). "deflate" is zlib's format;
// the bare DEFLATE data that some servers send under this name is recognised by its first two bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rpc/inflater.h"

namespace tern::rest {

class BodyInflater {
 public:
  /// `coding`: "gzip", "x-gzip" or "deflate", in any case. Returns null for any other.
  static std::unique_ptr<BodyInflater> make(std::string_view coding);

  /// Takes the next compressed piece. Only when next() has returned nothing.
  void feed(std::string_view piece);
  /// Returns up to 64 KiB of the plain body; nothing when it needs another piece. Throws std::runtime_error for data
  /// that is not in the format.
  std::optional<std::string> next();
  /// True when the compressed data ended where the format says so, or there was none at all.
  [[nodiscard]] bool complete() const noexcept { return inflater_ ? inflater_->complete() : input_.empty(); }

 private:
  explicit BodyInflater(bool gzip) : gzip_(gzip) {}

  bool gzip_;
  std::optional<rpc::Inflater> inflater_;  // once the format is known
  bool may_have_more_ = false;
  std::string input_;
};

}  // namespace tern::rest
