// How many messages a call has carried one way, for those who look on (ServerObserver, ClientObserver).
#pragma once

#include <cstddef>
#include <cstdint>

namespace tern {

struct MessageCount {
  std::uint64_t messages = 0;
  /// Of the messages as they travel: compressed where they are, without gRPC's prefix.
  std::uint64_t bytes = 0;

  void add(std::size_t size) noexcept {
    ++messages;
    bytes += size;
  }
};

}  // namespace tern
