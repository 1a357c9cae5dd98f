// The one symbol that tools/gdb/tern.py looks for in a process or a core file: the loops, and where members stand.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tern/api.h"

namespace tern {

class Loop;

/// The offset of a member, or of a base class, in an object: "Job.innermost", 40.
struct DebugOffset {
  const char* name;
  std::ptrdiff_t offset;
};

/// tern.py knows the offsets of these members, and no others.
struct DebugRoot {
  /// Grows when a name in the tables, or the meaning of one, changes.
  std::uint64_t version = 2;
  /// Linked by Loop::next_. Guarded by a mutex.
  Loop* loops = nullptr;
  /// Each ends with a null name. Null behind the last table.
  std::array<const DebugOffset*, 8> layouts{};
};

void add_debug_loop(Loop& loop);
void remove_debug_loop(Loop& loop) noexcept;
/// `table` lives for ever. Adding it again has no effect. Any thread.
TERN_API void add_debug_layout(const DebugOffset* table);

/// The offset of a base class of an object, also of a private one.
template <class Base, class Derived>
std::ptrdiff_t base_offset() {
  // Any aligned address does: nothing is read there.
  constexpr std::uintptr_t kAddress = 4096;
  const auto* const derived = reinterpret_cast<const Derived*>(kAddress);  // NOLINT(performance-no-int-to-ptr)
  const auto* const base = (const Base*)derived;  // NOLINT(google-readability-casting): ignores access, on purpose
  return reinterpret_cast<const char*>(base) - reinterpret_cast<const char*>(derived);
}

}  // namespace tern
