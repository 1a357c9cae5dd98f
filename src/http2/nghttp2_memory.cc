#include "http2/nghttp2_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

#include "tern/async/recycler.h"

namespace tern::http2 {

namespace {

// nghttp2 frees without saying the size, so it stands before the block.
struct alignas(std::max_align_t) Prefix {
  std::size_t size;
};

void* take(std::size_t size, void* /*user_data*/) {
  try {
    void* memory = recycler::allocate(sizeof(Prefix) + size);
    return new (memory) Prefix{size} + 1;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void give_back(void* block, void* /*user_data*/) {
  if (block == nullptr) return;
  Prefix* prefix = static_cast<Prefix*>(block) - 1;
  recycler::deallocate(prefix, sizeof(Prefix) + prefix->size);
}

void* take_zeroed(std::size_t count, std::size_t size, void* user_data) {
  if (size != 0 && count > static_cast<std::size_t>(-1) / size) return nullptr;
  void* block = take(count * size, user_data);
  if (block != nullptr) std::memset(block, 0, count * size);
  return block;
}

void* resize(void* block, std::size_t size, void* user_data) {
  void* moved = take(size, user_data);
  if (moved == nullptr || block == nullptr) return moved;
  std::memcpy(moved, block, std::min(size, (static_cast<Prefix*>(block) - 1)->size));
  give_back(block, user_data);
  return moved;
}

}  // namespace

nghttp2_mem* recycled_nghttp2_memory() {
  static nghttp2_mem memory{nullptr, take, give_back, take_zeroed, resize};
  return &memory;
}

}  // namespace tern::http2
