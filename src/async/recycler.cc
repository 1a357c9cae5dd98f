#include "tern/detail/recycler.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define TERN_RECYCLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TERN_RECYCLE 0
#endif
#endif
#ifndef TERN_RECYCLE
#define TERN_RECYCLE 1
#endif

namespace tern::recycler {

const bool kRecycles = TERN_RECYCLE != 0;

#if TERN_RECYCLE

namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kClasses = kLargestBlock / kStep;
// What one thread keeps at most, all sizes together.
constexpr std::size_t kKeptBytes = std::size_t{32} << 20;

struct Block {
  Block* next;
};

// In place of the bytes that a thread keeps: they are too many, so that the rare cases are one with that.
constexpr std::size_t kNothingYet = SIZE_MAX;
constexpr std::size_t kClosed = SIZE_MAX - 1;

struct Lists {
  std::array<Block*, kClasses> free{};
  std::size_t kept = kNothingYet;  // bytes, in all lists
  std::size_t least = 0;           // that were kept since the last give_back()
  std::size_t next_class = 0;      // to give back from
};

constinit thread_local Lists lists;

// Frees what the thread kept, when it ends. Blocks freed later than this go to operator delete.
struct Closer {
  ~Closer() {
    lists.kept = kClosed;
    for (Block*& head : lists.free) {
      while (head != nullptr) {
        Block* block = head;
        head = block->next;
        ::operator delete(block);
      }
    }
  }
};

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / kStep; }

/// The first that this thread frees, which may be all that it ever does with them.
void begin_keeping() {
  thread_local const Closer closer;
  static_cast<void>(closer);
  lists.kept = 0;
}

}  // namespace

void* allocate(std::size_t size) {
  if (size == 0) size = 1;
  if (size > kLargestBlock) return ::operator new(size);
  const std::size_t index = class_of(size);
  Block* block = lists.free[index];
  if (block == nullptr) return ::operator new((index + 1) * kStep);
  lists.free[index] = block->next;
  // The next block of this size has lain untouched as long as this one: its memory is fetched while this one is used.
  __builtin_prefetch(block->next, 1);
  assert(lists.kept <= kKeptBytes + kLargestBlock && lists.kept >= (index + 1) * kStep);
  lists.kept -= (index + 1) * kStep;
  // NOLINTNEXTLINE(readability-use-std-min-max): a store less, nearly always
  if (lists.kept < lists.least) lists.least = lists.kept;
  return block;
}

void deallocate(void* memory, std::size_t size) noexcept {
  if (memory == nullptr) return;
  if (size == 0) size = 1;
  const std::size_t index = class_of(size);
  if (size > kLargestBlock) return ::operator delete(memory);
  if (lists.kept >= kKeptBytes) {
    if (lists.kept != kNothingYet) return ::operator delete(memory);
    begin_keeping();
  }
  auto* block = static_cast<Block*>(memory);
  block->next = lists.free[index];
  lists.free[index] = block;
  lists.kept += (index + 1) * kStep;
}

std::size_t kept() noexcept { return lists.kept <= kKeptBytes + kLargestBlock ? lists.kept : 0; }

bool give_back(std::size_t most) noexcept {
  if (kept() <= kKeptForGood) return false;
  const std::size_t spare = std::min(lists.least, lists.kept - kKeptForGood);
  const std::size_t target = lists.kept - std::min(spare, most);
  for (std::size_t empty = 0; lists.kept > target && empty < kClasses;) {
    Block*& head = lists.free[lists.next_class];
    if (head == nullptr) {
      lists.next_class = (lists.next_class + 1) % kClasses;
      ++empty;
      continue;
    }
    empty = 0;
    Block* block = head;
    head = block->next;
    assert(lists.kept >= (lists.next_class + 1) * kStep);
    lists.kept -= (lists.next_class + 1) * kStep;
    ::operator delete(block);
  }
  lists.least = lists.kept;
  return spare > most;
}

#else

std::size_t kept() noexcept { return 0; }
bool give_back(std::size_t /*most*/) noexcept { return false; }
void* allocate(std::size_t size) { return ::operator new(size); }
void deallocate(void* memory, std::size_t /*size*/) noexcept { ::operator delete(memory); }

#endif

}  // namespace tern::recycler
