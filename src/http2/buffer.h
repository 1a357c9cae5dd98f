// BufferQueue: buffers in their order, linked through their blocks.
#pragma once

#include <cstddef>

#include "tern/api.h"
#include "tern/detail/buffer.h"

namespace tern {

/// First in, first out, linked through the blocks themselves. A block stands in one queue at most.
class TERN_API BufferQueue {
 public:
  BufferQueue() = default;
  BufferQueue(const BufferQueue&) = delete;
  BufferQueue& operator=(const BufferQueue&) = delete;
  void swap(BufferQueue& other) noexcept;
  ~BufferQueue() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  /// Of all buffers in it.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  void push(Buffer buffer) noexcept;
  /// Removes the first; the queue must not be empty.
  Buffer pop() noexcept;
  /// Another owner of the first; the queue must not be empty.
  [[nodiscard]] Buffer front() const noexcept;
  void clear() noexcept;

 private:
  Buffer::Block* first_ = nullptr;
  Buffer::Block* last_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace tern
