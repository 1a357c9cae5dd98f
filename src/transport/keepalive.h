// Keepalive: when to ask a silent peer whether it is still there, and when to give it up; and the other side: when a
// peer asks too often (gRPC proposal A8, grpc/doc/keepalive.md). Knows no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "tern/async/job.h"

namespace tern::transport {

struct KeepaliveOptions {
  /// After this long without a byte from the peer it is asked (PING). std::nullopt: never.
  std::optional<std::chrono::nanoseconds> time = std::nullopt;
  /// Without an answer for this long it is given up.
  std::chrono::nanoseconds timeout = std::chrono::seconds{20};
  /// Also while there is no call.
  bool without_calls = false;
};

class Keepalive {
 public:
  enum class Action { kNone, kPing, kClose };

  /// With a time.
  Keepalive(KeepaliveOptions options, Clock::time_point now) noexcept : options_(options), heard_(now) {}

  /// True when next() is now earlier than it was.
  bool heard_something(Clock::time_point now) noexcept {
    heard_ = now;
    const bool waited = asked_.has_value();
    asked_.reset();
    return waited;
  }
  /// What to do now; then ask again at next().
  Action check(Clock::time_point now, bool has_calls) noexcept;
  [[nodiscard]] Clock::time_point next() const noexcept;

 private:
  KeepaliveOptions options_;
  Clock::time_point heard_;
  std::optional<Clock::time_point> asked_;
};

struct PingPolicy {
  /// A peer with calls may ask this often.
  std::chrono::nanoseconds min_interval = std::chrono::minutes{5};
  /// And this often without, unless it may as often then.
  std::chrono::nanoseconds min_interval_without_calls = std::chrono::hours{2};
  bool permit_without_calls = false;
};

/// Counts a peer's PINGs against the policy.
class PingStrikes {
 public:
  explicit PingStrikes(PingPolicy policy) noexcept : policy_(policy) {}

  /// False when it was one too many: the connection shall end with "too_many_pings". `sent` counts the frames of
  /// headers and data that went to the peer: after each it may ask (as grpc++ does while it receives, to learn how fast
  /// it may).
  bool pinged(Clock::time_point now, bool has_calls, std::uint64_t sent) noexcept;

 private:
  static constexpr int kMostStrikes = 2;
  PingPolicy policy_;
  std::optional<Clock::time_point> last_;
  std::uint64_t sent_ = 0;  // when it last asked
  int strikes_ = 0;
};

}  // namespace tern::transport
