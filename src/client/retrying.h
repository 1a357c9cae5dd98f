// Retrying: decides when a call makes an attempt, and which attempt's end is the call's: retries, hedging and
// transparent retries (gRFC A6). Does no I/O and knows no clock and no chance: the caller tells each event, and does
// what the answer says.
//
//   begin() --> attempting --a response began, or too much was sent--> committed --the attempt ended--> over
//               |   ^    '--an attempt ended: OK, not to be repeated, or as the last one--------------^
//               |   '--the delay has passed: the next attempt (hedging: beside the others)--.
//               '--an attempt failed and may be repeated: wait--> waiting ------------------'
//
// A call retries or hedges, never both. A retrying call has one attempt at a time. In "waiting" it has none; a hedging
// call may have several, and waits and attempts at once. cancel() leads from everywhere to "over".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "tern/rpc/status.h"

namespace tern {

class RetryThrottle;
struct HedgingPolicy;
struct RetryPolicy;

class Retrying {
 public:
  /// How one attempt ended.
  struct Ended {
    StatusCode code = StatusCode::kOk;
    /// No handler has seen it: the server refused the stream, or excluded it with GOAWAY.
    bool unprocessed = false;
    /// The value of grpc-retry-pushback-ms in its trailers.
    std::optional<std::string_view> pushback = std::nullopt;
  };

  /// The caller's next actions, in this order.
  struct Step {
    /// Cancel the attempts under way, except the one that the event was about. They tell nothing any more.
    bool cancel_others = false;
    /// End the call with the status of the attempt that ended last. No event has an effect afterwards.
    bool end = false;
    /// Call delay_passed() after this long, counted from now. Unset: no delay runs. An earlier delay is void.
    std::optional<std::chrono::nanoseconds> wait = std::nullopt;
    /// Start an attempt now. attempts_before() is its number.
    bool start = false;
  };

  /// Sets the policy, which must outlive this. Before begin(). Without a policy a call makes one attempt, and a
  /// transparent retry.
  void use(const RetryPolicy& policy) noexcept { retry_ = &policy; }
  void use(const HedgingPolicy& policy) noexcept { hedging_ = &policy; }

  Step begin();
  /// `throttle` is the server's. `chance`, from 0 to 1, is the part of the backoff's step that is waited.
  Step attempt_ended(const Ended& ended, RetryThrottle& throttle, double chance);
  Step delay_passed(const RetryThrottle& throttle);
  /// An attempt has received response headers: it becomes the call's only one.
  Step response_began() noexcept;
  /// The request grew too long to be kept. `carried`: an attempt under way was given all of it, or will be; the others
  /// cannot be. If none was, the call ends.
  Step too_much_sent(bool carried) noexcept;
  /// The caller has ended the call.
  void cancel() noexcept { state_ = State::kOver; }

  /// True when attempts run beside each other.
  [[nodiscard]] bool hedges() const noexcept { return hedging_ != nullptr && state_ == State::kAttempting; }
  /// True when the present attempt is the last: nothing of the request has to be kept.
  [[nodiscard]] bool committed() const noexcept { return state_ != State::kAttempting; }
  [[nodiscard]] bool over() const noexcept { return state_ == State::kOver; }
  /// Returns how many attempts a handler may have seen before the one started last (grpc-previous-rpc-attempts).
  [[nodiscard]] int attempts_before() const noexcept { return started_ - 1; }

 private:
  enum class State : unsigned char { kAttempting, kCommitted, kOver };

  Step end() noexcept;
  Step commit() noexcept;
  Step start_next();
  Step retry_after(std::optional<std::chrono::nanoseconds> pushback, const RetryThrottle& throttle, double chance);
  Step hedge_next(const RetryThrottle& throttle);
  [[nodiscard]] bool may_repeat(StatusCode code) const noexcept;
  [[nodiscard]] bool may_hedge() const noexcept;

  const RetryPolicy* retry_ = nullptr;
  const HedgingPolicy* hedging_ = nullptr;
  int started_ = 0;  // attempts, without the unprocessed ones
  int under_way_ = 0;
  int backoffs_ = 0;  // since the server last said when to come again
  State state_ = State::kAttempting;
  bool repeated_unprocessed_ = false;
  bool stopped_ = false;  // no more hedged attempts: a server asked for it, or the throttle
};

}  // namespace tern
