// Memory of coroutine frames, calls and message buffers: freed blocks wait in per-thread lists by size, so that a call
// in steady state costs no malloc. A block may be freed on another thread than the one that took it; it then stays
// there.
#pragma once

#include <cstddef>

#include "tern/api.h"

namespace tern::recycler {

/// Blocks up to this many bytes are recycled; larger ones come from operator new every time.
inline constexpr std::size_t kLargestBlock = 8192;

/// False in builds for AddressSanitizer, where a recycled block would hide a use after free.
TERN_API extern const bool kRecycles;

/// Up to this much stays with each thread for good. Each block may keep a page from going back to the system.
inline constexpr std::size_t kKeptForGood = std::size_t{1} << 18;
/// Bytes that this thread keeps. At most 32 MiB: what some 10,000 calls that wait at once give back when they end.
[[nodiscard]] TERN_API std::size_t kept() noexcept;
/// Frees `most` bytes, or more by a block, of what this thread has kept all the time since the last call. Whether there
/// is more of that.
TERN_API bool give_back(std::size_t most) noexcept;

/// Uninitialised memory of at least `size` bytes, aligned as operator new aligns. Throws std::bad_alloc.
[[nodiscard]] TERN_API void* allocate(std::size_t size);

/// Gives back what allocate(size) returned; `size` must be the same.
TERN_API void deallocate(void* memory, std::size_t size) noexcept;

}  // namespace tern::recycler

namespace tern {

/// For containers that live as long as a call, or shorter.
template <class T>
struct RecyclingAllocator {
  using value_type = T;
  RecyclingAllocator() noexcept = default;
  template <class Other>
  RecyclingAllocator(const RecyclingAllocator<Other>& /*other*/) noexcept {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(recycler::allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { recycler::deallocate(memory, count * sizeof(T)); }
  friend bool operator==(const RecyclingAllocator& /*one*/, const RecyclingAllocator& /*other*/) noexcept {
    return true;
  }
};

/// Base of objects that are made and dropped once a call: their memory is recycled.
struct Recycled {
  static void* operator new(std::size_t size) { return recycler::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { recycler::deallocate(block, size); }
};

}  // namespace tern
