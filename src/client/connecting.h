// Connecting: decides which of a server's addresses is tried when (RFC 8305 §5, gRFC A61). It does no I/O and has no
// clock: events go in, the next actions come out.
//
//   begin() --> trying --one has greeted--> connected
//                 |  \--the last one has failed--> failed
//                 '--one has failed, or the delay has passed: the next address is tried beside the others--'
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "transport/address.h"

namespace tern {

class Connecting {
 public:
  /// After this long without an answer the next address is tried too: RFC 8305's and A61's default.
  static constexpr std::chrono::milliseconds kDelay{250};

  /// The caller's next actions.
  struct Step {
    /// Begin an attempt at this address.
    std::optional<std::size_t> start = std::nullopt;
    /// Call delay_passed() after kDelay, counted from now; an earlier request is void.
    bool wait = false;
  };

  /// `addresses`: how many there are, at least one.
  explicit Connecting(std::size_t addresses) : addresses_(addresses) {}

  Step begin() { return start_next(); }
  Step delay_passed() { return start_next(); }
  /// An attempt has failed: the next address is not kept waiting.
  Step failed();
  /// An attempt has shaken hands and been greeted: the others are of no use any more.
  void succeeded() { connected_ = true; }

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  /// All addresses have been tried, in vain.
  [[nodiscard]] bool all_failed() const noexcept { return !connected_ && failed_ == addresses_; }

 private:
  Step start_next();

  std::size_t addresses_;
  std::size_t started_ = 0;
  std::size_t failed_ = 0;
  bool connected_ = false;
};

/// The addresses with IPv6 and IPv4 in turns, beginning with the family of the first one; in their order otherwise
/// (RFC 8305 §4, "First Address Family Count" of 1).
std::vector<transport::Address> interleave_families(std::vector<transport::Address> addresses);

}  // namespace tern
