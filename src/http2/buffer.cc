#include "http2/buffer.h"

#include <cassert>
#include <cstring>
#include <new>

#include "tern/detail/recycler.h"

namespace tern {

Buffer::Buffer(const Buffer& other) noexcept : block_(other.block_) {
  if (block_ == nullptr) return;
  assert(block_->owners > 0);
  ++block_->owners;
}

Buffer Buffer::allocate(std::size_t size) {
  Buffer buffer;
  buffer.block_ = new (recycler::allocate(sizeof(Block) + size)) Block{.next = nullptr, .size = size, .owners = 1};
  return buffer;
}

Buffer Buffer::copy_of(std::span<const std::uint8_t> bytes) {
  Buffer buffer = allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  return buffer;
}

Buffer Buffer::copy_of(std::string_view text) {
  return copy_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void Buffer::drop() noexcept {
  if (block_ == nullptr) return;
  assert(block_->owners > 0);
  if (--block_->owners > 0) return;
  recycler::deallocate(block_, sizeof(Block) + block_->size);
}

void BufferQueue::push(Buffer buffer) noexcept {
  if (buffer.block_ == nullptr) return;
  assert((first_ == nullptr) == (last_ == nullptr));
  assert(last_ == nullptr || last_->next == nullptr);
  Buffer::Block* block = std::exchange(buffer.block_, nullptr);
  block->next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = block;
  last_ = block;
  bytes_ += block->size;
}

Buffer BufferQueue::pop() noexcept {
  assert(!empty());
  Buffer buffer;
  buffer.block_ = first_;
  assert(bytes_ >= buffer.size());
  first_ = first_->next;
  if (first_ == nullptr) last_ = nullptr;
  bytes_ -= buffer.size();
  assert(!empty() || bytes_ == 0);
  return buffer;
}

Buffer BufferQueue::front() const noexcept {
  assert(!empty());
  Buffer buffer;
  buffer.block_ = first_;
  ++first_->owners;
  return buffer;
}

void BufferQueue::swap(BufferQueue& other) noexcept {
  std::swap(first_, other.first_);
  std::swap(last_, other.last_);
  std::swap(bytes_, other.bytes_);
}

void BufferQueue::clear() noexcept {
  while (!empty()) pop();
  assert(last_ == nullptr && bytes_ == 0);
}

}  // namespace tern
