// Numbers for what tools tell apart: servers, channels, their connections.
#pragma once

#include <atomic>
#include <cstdint>

namespace tern::transport {

/// Another one each time, from 1. Any thread.
inline std::uint64_t next_entity_id() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace tern::transport
