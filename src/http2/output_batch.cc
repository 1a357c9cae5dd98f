#include "http2/output_batch.h"

#include <cassert>
#include <utility>

namespace tern::http2 {

OutputBatch::OutputBatch() {
  copied_.reserve(kBatchBytes + 2 * kFrameBytes);
  pieces_.reserve(kMaxPieces + 2);
}

bool OutputBatch::full() const noexcept {
  return copied_.size() >= kBatchBytes || referred_ >= kBatchReferencedBytes || pieces_.size() >= kMaxPieces;
}

void OutputBatch::copy(std::span<const std::uint8_t> bytes) {
  const std::size_t begin = copied_.size();
  assert(begin + bytes.size() <= copied_.capacity());
  copied_.insert(copied_.end(), bytes.begin(), bytes.end());
  if (last_is_copied_) {
    assert(!pieces_.empty());
    pieces_.back().iov_len += bytes.size();
  } else {
    pieces_.push_back({copied_.data() + begin, bytes.size()});
    last_is_copied_ = true;
  }
}

void OutputBatch::refer(std::span<const std::uint8_t> bytes, Buffer owner) {
  assert(bytes.data() >= std::as_const(owner).data() &&
         bytes.data() + bytes.size() <= std::as_const(owner).data() + owner.size());
  pieces_.push_back({const_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  last_is_copied_ = false;
  referred_ += bytes.size();
  owners_.push_back(std::move(owner));
}

void OutputBatch::written(std::size_t size) noexcept {
  while (size > 0) {
    assert(first_ < pieces_.size());
    iovec& piece = pieces_[first_];
    if (size < piece.iov_len) {
      piece.iov_base = static_cast<std::uint8_t*>(piece.iov_base) + size;
      piece.iov_len -= size;
      return;
    }
    size -= piece.iov_len;
    ++first_;
  }
  if (first_ == pieces_.size()) clear();
}

void OutputBatch::clear() noexcept {
  copied_.clear();
  referred_ = 0;
  pieces_.clear();
  first_ = 0;
  last_is_copied_ = false;
  owners_.clear();
}

}  // namespace tern::http2
