// Inflater: undoes gzip, zlib's format and bare DEFLATE data (RFC 1950 to 1952), wherever the data is cut. gzip data
// may have several members, one behind the other (RFC 1952 §2.2).
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "tern/api.h"

namespace tern::rpc {

enum class DeflateFormat : std::uint8_t { kGzip, kZlib, kBare };

/// zlib takes the format by the sign and the size of the window. `bits` is the window's real size, as a power of two.
constexpr int zlib_window(DeflateFormat format, int bits) noexcept {
  if (format == DeflateFormat::kGzip) return bits + 16;
  return format == DeflateFormat::kBare ? -bits : bits;
}

/// zlib's state takes 40 KiB. May be moved between threads, not shared by them.
class TERN_API Inflater {
 public:
  explicit Inflater(DeflateFormat format);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  /// Forgets everything, as if it were new.
  void reset();
  /// Adds the next compressed bytes. The bytes before must be used up: run() has returned less than it had room for.
  /// They are not copied: they must live until they are used up.
  void feed(std::span<const std::uint8_t> bytes);
  /// Writes the next plain bytes to `to` and returns their number. It is less than the room only when more input is
  /// needed, the data has ended, or it has failed.
  std::size_t run(std::span<std::uint8_t> to);

  /// True when the input so far ended exactly where the format has an end.
  [[nodiscard]] bool complete() const noexcept { return ended_ && !failed_ && stream_.avail_in == 0; }
  /// True when the data is not in the format, or goes on behind the end.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// With failed(): bytes came behind the end.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  z_stream stream_{};
  bool has_members_;
  bool ended_ = false;  // the member of gzip data, or the data of another format
  bool failed_ = false;
};

}  // namespace tern::rpc
