// ExportRetry: when a batch that the collector did not accept is sent again (OTLP specification, "Failures" and
// "Throttling"). It does no I/O: failures and the time are its events.
//
//   begin() --failed(retryable)--> wait --> failed() … --> dropped, after retry_for
//      \----failed(not retryable)--> dropped
#pragma once

#include <chrono>
#include <optional>

#include "tern/async/job.h"

namespace tern::telemetry {

class ExportRetry {
 public:
  using Duration = std::chrono::nanoseconds;

  /// `retry_for`: how long one batch is tried.
  explicit ExportRetry(Duration retry_for) noexcept : retry_for_(retry_for) {}

  /// A batch is about to be sent for the first time.
  void begin(Clock::time_point now) noexcept;

  /// An attempt has failed. `asked`: how long the collector wants not to be asked again; it replaces the backoff, and
  /// goes for the next batch too. `chance`, from 0 to 1, spreads the pauses. Returns when to try again; nothing: the
  /// batch is to be dropped.
  [[nodiscard]] std::optional<Clock::time_point> failed(Clock::time_point now, bool retryable,
                                                        std::optional<Duration> asked, double chance) noexcept;

  /// Nothing may be sent before: the collector has asked for it. In the past where it has not.
  [[nodiscard]] Clock::time_point not_before() const noexcept { return not_before_; }

 private:
  Duration retry_for_;
  Duration backoff_{};
  Clock::time_point give_up_at_;
  Clock::time_point not_before_;
};

}  // namespace tern::telemetry
