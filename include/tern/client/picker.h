// Picker: which of several servers gets a call, for those whom round_robin does not serve.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "tern/rpc/metadata.h"

namespace tern {

/// A server that is connected.
struct PickerCandidate {
  std::string_view address;
  /// This channel's, on this loop.
  std::size_t calls_in_flight = 0;
};

/// Outlives the channels that it is given to; serves all their loops at once.
class Picker {
 public:
  Picker() = default;
  Picker(const Picker&) = delete;
  Picker& operator=(const Picker&) = delete;
  virtual ~Picker() = default;

  /// The index of the one that gets the call. `ready` is not empty, and in the order of the resolver.
  virtual std::size_t pick(std::span<const PickerCandidate> ready, std::string_view method,
                           const Metadata& metadata) = 0;
};

}  // namespace tern
