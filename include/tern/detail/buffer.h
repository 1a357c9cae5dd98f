// Buffer: a block of bytes on its way to or from the wire. A message is serialised straight into one, and from there it
// is written. Blocks of usual sizes are recycled.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "tern/api.h"

namespace tern {

/// Shares its block when copied; the count of sharers is not atomic, so the copies of one block stay on one thread (or
/// are handed over together).
class TERN_API Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(const Buffer& other) noexcept;
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() { drop(); }

  /// `size` uninitialised bytes. Throws std::bad_alloc.
  static Buffer allocate(std::size_t size);
  static Buffer copy_of(std::span<const std::uint8_t> bytes);
  static Buffer copy_of(std::string_view text);

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
  [[nodiscard]] std::uint8_t* data() noexcept { return block_ == nullptr ? nullptr : block_->bytes(); }
  [[nodiscard]] const std::uint8_t* data() const noexcept { return block_ == nullptr ? nullptr : block_->bytes(); }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {data(), size()}; }
  /// A mark that goes with the block, for its user.
  void mark() noexcept {
    assert(block_ != nullptr);
    block_->marked = true;
  }
  [[nodiscard]] bool marked() const noexcept { return block_ != nullptr && block_->marked; }
  [[nodiscard]] std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data()), size()}; }

 private:
  friend class BufferQueue;
  struct Block {
    Block* next;  // in a BufferQueue
    std::size_t size;
    std::uint32_t owners;
    bool marked = false;
    std::uint8_t* bytes() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  };
  void drop() noexcept;
  Block* block_ = nullptr;
};

}  // namespace tern
