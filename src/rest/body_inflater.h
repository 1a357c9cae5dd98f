// BodyInflater: undoes gzip or deflate of an HTTP body piece by piece (RFC 9110 §8.4.1). A gzip body may have several
// members one behind the other (RFC 1952 §2.2). "deflate" is zlib's format; the bare DEFLATE data that some servers
// send under this name is recognised by its first two bytes.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tern::rest {

class BodyInflater {
 public:
  /// `coding`: "gzip", "x-gzip" or "deflate", in any case. Returns null for any other.
  static std::unique_ptr<BodyInflater> make(std::string_view coding);

  BodyInflater(const BodyInflater&) = delete;
  BodyInflater& operator=(const BodyInflater&) = delete;
  ~BodyInflater();

  /// Takes the next compressed piece. Only when next() has returned nothing.
  void feed(std::string_view piece);
  /// Returns up to 64 KiB of the plain body; nothing when it needs another piece. Throws std::runtime_error for data
  /// that is not in the format.
  std::optional<std::string> next();
  /// True when the compressed data ended where the format says so, or there was none at all.
  [[nodiscard]] bool complete() const noexcept { return fed_ == 0 || ended_; }

 private:
  enum class Format { kGzip, kDeflate };
  explicit BodyInflater(Format format);
  void begin();

  Format format_;
  z_stream stream_{};
  bool begun_ = false;
  bool ended_ = false;  // a member or the zlib stream
  std::size_t fed_ = 0;
  std::string input_;
};

}  // namespace tern::rest
