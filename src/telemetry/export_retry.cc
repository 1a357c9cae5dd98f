#include "telemetry/export_retry.h"

#include <algorithm>

namespace tern::telemetry {

namespace {

using namespace std::chrono_literals;

constexpr ExportRetry::Duration kFirstBackoff = 500ms;
constexpr ExportRetry::Duration kMostBackoff = 10s;
/// A pause is between half and all of its backoff, so that many programs do not come back together.
constexpr double kLeastShare = 0.5;
/// A collector that asks for more is asked again after this long.
constexpr ExportRetry::Duration kMostAsked = 1h;

}  // namespace

void ExportRetry::begin(Clock::time_point now) noexcept {
  backoff_ = kFirstBackoff;
  give_up_at_ = now + retry_for_;
}

std::optional<Clock::time_point> ExportRetry::failed(Clock::time_point now, bool retryable,
                                                     std::optional<Duration> asked, double chance) noexcept {
  Clock::time_point next = now;
  if (asked) {
    not_before_ = next = now + std::clamp(*asked, Duration{}, kMostAsked);
  } else {
    const double share = kLeastShare + (1 - kLeastShare) * chance;
    next += std::chrono::duration_cast<Duration>(backoff_ * share);
    backoff_ = std::min(2 * backoff_, kMostBackoff);
  }
  if (!retryable || next > give_up_at_) return std::nullopt;
  return next;
}

}  // namespace tern::telemetry
