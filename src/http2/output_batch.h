// OutputBatch: frames on their way into one write. Small pieces are copied one after the other, large ones pointed at
// and kept alive.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "http2/buffer.h"
#include "http2/defaults.h"

namespace tern::http2 {

class OutputBatch {
 public:
  OutputBatch();

  [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }
  /// No further frame surely fits.
  [[nodiscard]] bool full() const noexcept;

  void copy(std::span<const std::uint8_t> bytes);
  /// `bytes` lie in `owner`.
  void refer(std::span<const std::uint8_t> bytes, Buffer owner);

  /// What is still to be written, in order; valid until the next call.
  [[nodiscard]] std::span<const iovec> pieces() const noexcept { return std::span{pieces_}.subspan(first_); }
  /// The first `size` bytes have been written.
  void written(std::size_t size) noexcept;
  void clear() noexcept;

 private:
  static constexpr std::size_t kMaxPieces = 256;
  std::vector<std::uint8_t> copied_;  // never grows: pieces_ points into it
  std::size_t referred_ = 0;
  std::vector<iovec> pieces_;
  std::size_t first_ = 0;
  bool last_is_copied_ = false;
  std::vector<Buffer> owners_;
};

}  // namespace tern::http2
