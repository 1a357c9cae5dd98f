// Backoff: how long to wait between attempts to connect, or to call again (grpc/doc/connection-backoff.md). Knows no
// clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "tern/client/backoff_options.h"

namespace tern {

class Backoff {
 public:
  explicit Backoff(BackoffOptions options, std::uint32_t seed = std::random_device{}())
      : options_(options), next_(options.initial), random_(seed) {}

  /// The delay before the next attempt; each is longer than the one before, on average.
  std::chrono::nanoseconds next();
  /// After success.
  void reset() noexcept { next_ = options_.initial; }

 private:
  BackoffOptions options_;
  std::chrono::nanoseconds next_;
  std::minstd_rand random_;
};

}  // namespace tern
