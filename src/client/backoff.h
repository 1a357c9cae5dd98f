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
      : options_(options), random_(seed) {}

  /// The delay after this many earlier ones, without its jitter.
  static std::chrono::nanoseconds step(const BackoffOptions& options, int number);

  /// The delay before the next attempt; each is longer than the one before, on average.
  std::chrono::nanoseconds next();
  /// After success.
  void reset() noexcept { attempts_ = 0; }

 private:
  BackoffOptions options_;
  int attempts_ = 0;
  std::minstd_rand random_;
};

}  // namespace tern
