// How delays between attempts grow (grpc/doc/connection-backoff.md).
#pragma once

#include <chrono>

namespace tern {

struct BackoffOptions {
  std::chrono::nanoseconds initial = std::chrono::seconds{1};
  double multiplier = 1.6;
  /// Each delay is made longer or shorter by up to this part of it.
  double jitter = 0.2;
  std::chrono::nanoseconds maximum = std::chrono::seconds{120};
};

}  // namespace tern
