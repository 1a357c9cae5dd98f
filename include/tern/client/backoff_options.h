// How delays between attempts grow (grpc/doc/connection-backoff.md).
#pragma once

#include <chrono>

namespace tern {

/// The defaults are gRPC's. Shorten the delays where servers come back soon; a thousand clients that try every
/// millisecond keep a server from coming back.
struct BackoffOptions {
  /// The first delay. Default: 1 s.
  std::chrono::nanoseconds initial = std::chrono::seconds{1};
  /// Each delay is this many times the one before; 1 at least. Default: 1.6.
  double multiplier = 1.6;
  /// Each delay is made longer or shorter by up to this part of it, from 0 to 1, so that clients do not come all at
  /// once. Default: 0.2.
  double jitter = 0.2;
  /// The longest delay. Default: 120 s.
  std::chrono::nanoseconds maximum = std::chrono::seconds{120};
};

}  // namespace tern
