#include "client/retrying.h"

#include <cassert>
#include <utility>

#include "client/backoff.h"
#include "client/retry_throttle.h"
#include "client/service_config.h"
#include "rpc/timeout.h"

// A6 leaves some cases open, which are decided so:
// - The throttle counts every attempt's end, also after the commit. OK adds tokens. A code of the policy removes one;
//   so does a pushback that forbids another attempt. The first unprocessed attempt of a call changes nothing.
// - A failed attempt is repeated transparently once in a call. It does not count, and neither the throttle nor the
//   policy is asked. Once a server or the throttle has stopped a hedging call, this is not done either.
// - A throttle that stops one hedged attempt stops all later ones of the call, though it might have recovered by then.
// - The hedging delay counts from the last attempt started, whichever event led to it.
namespace tern {

Retrying::Step Retrying::begin() { return over() ? Step{} : start_next(); }

Retrying::Step Retrying::attempt_ended(const Ended& ended, RetryThrottle& throttle, double chance) {
  if (over()) return {};
  assert(under_way_ > 0 && started_ > 0);
  --under_way_;
  if (ended.code == StatusCode::kOk) {
    throttle.succeeded();
    return end();
  }
  if (ended.unprocessed && !committed() && !stopped_ && !std::exchange(repeated_unprocessed_, true)) {
    --started_;
    return start_next();
  }
  if (retry_ == nullptr && hedging_ == nullptr) return end();
  const auto pushback = ended.pushback ? rpc::parse_milliseconds(*ended.pushback) : std::nullopt;
  const bool forbidden = ended.pushback && !pushback;
  const bool repeatable = may_repeat(ended.code);
  if (repeatable || forbidden) throttle.failed();
  if (!repeatable || committed()) return end();
  if (retry_ != nullptr) return forbidden ? end() : retry_after(pushback, throttle, chance);
  if (forbidden) stopped_ = true;
  if (pushback && may_hedge()) return {.wait = pushback};
  return hedge_next(throttle);
}

Retrying::Step Retrying::delay_passed(const RetryThrottle& throttle) {
  if (committed()) return {};
  if (hedging_ != nullptr) return hedge_next(throttle);
  return under_way_ == 0 ? start_next() : Step{};
}

Retrying::Step Retrying::response_began() noexcept { return commit(); }

Retrying::Step Retrying::too_much_sent(bool carried) noexcept {
  if (committed()) return {};
  return carried ? commit() : end();
}

Retrying::Step Retrying::end() noexcept {
  state_ = State::kOver;
  return {.cancel_others = std::exchange(under_way_, 0) > 0, .end = true};
}

Retrying::Step Retrying::commit() noexcept {
  if (committed()) return {};
  state_ = State::kCommitted;
  if (under_way_ <= 1) return {};
  assert(hedging_ != nullptr);  // a retrying call has one attempt at a time
  under_way_ = 1;
  return {.cancel_others = true};
}

Retrying::Step Retrying::start_next() {
  assert(!over());  // a request that is too long to be kept commits before its first attempt
  assert(hedging_ != nullptr || under_way_ == 0);
  ++started_;
  ++under_way_;
  Step step{.start = true};
  if (may_hedge()) step.wait = hedging_->delay;
  return step;
}

Retrying::Step Retrying::retry_after(std::optional<std::chrono::nanoseconds> pushback, const RetryThrottle& throttle,
                                     double chance) {
  assert(retry_ != nullptr && hedging_ == nullptr && under_way_ == 0);
  if (started_ >= retry_->max_attempts || !throttle.allows()) return end();
  if (pushback) {
    backoffs_ = 0;
    return {.wait = pushback};
  }
  const auto step = Backoff::step(retry_->backoff, backoffs_++);
  return {.wait = std::chrono::duration_cast<std::chrono::nanoseconds>(step * chance)};
}

// Also says that the call is over when nothing is under way and nothing may follow.
Retrying::Step Retrying::hedge_next(const RetryThrottle& throttle) {
  if (!throttle.allows()) stopped_ = true;
  if (may_hedge()) return start_next();
  return under_way_ == 0 ? end() : Step{};
}

bool Retrying::may_repeat(StatusCode code) const noexcept {
  const StatusCodes& codes = retry_ != nullptr ? retry_->codes : hedging_->not_fatal;
  return codes.test(static_cast<std::size_t>(code));
}

bool Retrying::may_hedge() const noexcept { return hedges() && !stopped_ && started_ < hedging_->max_attempts; }

}  // namespace tern
