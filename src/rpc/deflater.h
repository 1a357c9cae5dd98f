// Deflater: makes gzip or zlib's format, which HTTP calls deflate (RFC 1950, RFC 1952), of a whole or piece by piece.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rpc/inflater.h"
#include "tern/api.h"

namespace tern::rpc {

/// May be moved between threads, not shared by them.
class TERN_API Deflater {
 public:
  struct Effort {
    /// 1 is the fastest, 9 makes the shortest data.
    int level = Z_DEFAULT_COMPRESSION;
    /// zlib's state takes 2^(window_bits + 2) + 2^(memory_level + 9) bytes: 256 KiB.
    int window_bits = 15;
    int memory_level = 8;
  };

  explicit Deflater(DeflateFormat format);
  Deflater(DeflateFormat format, Effort effort);
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { deflateEnd(&stream_); }

  /// Forgets everything, as if it were new.
  void reset() { deflateReset(&stream_); }
  /// Compresses `from` as a whole into `to` and returns the length. Returns nothing when `to` has no room for all.
  /// Begins anew each time.
  std::optional<std::size_t> run(std::span<const std::uint8_t> from, std::span<std::uint8_t> to);

  enum class Flush : std::uint8_t {
    kNone = Z_NO_FLUSH,
    kPiece = Z_SYNC_FLUSH,  // the reader can inflate all that was added so far
    kEnd = Z_FINISH,        // nothing is added after it
  };
  /// Compresses the next piece and appends the compressed data that is ready to `out`.
  void add(std::string_view piece, Flush flush, std::string& out);

 private:
  z_stream stream_{};
};

}  // namespace tern::rpc
