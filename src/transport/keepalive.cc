#include "transport/keepalive.h"

#include <utility>

namespace tern::transport {

Keepalive::Action Keepalive::check(Clock::time_point now, bool has_calls) noexcept {
  if (asked_) return now - *asked_ >= options_.timeout ? Action::kClose : Action::kNone;
  if (now - heard_ < *options_.time) return Action::kNone;
  if (!has_calls && !options_.without_calls) {
    heard_ = now;  // its silence counts from when it has a call to be silent about
    return Action::kNone;
  }
  asked_ = now;
  return Action::kPing;
}

Clock::time_point Keepalive::next() const noexcept {
  return asked_ ? *asked_ + options_.timeout : heard_ + *options_.time;
}

bool PingStrikes::pinged(Clock::time_point now, bool has_calls, std::uint64_t sent) noexcept {
  if (std::exchange(sent_, sent) != sent) {
    strikes_ = 0;
    last_.reset();
  }
  const auto interval =
      has_calls || policy_.permit_without_calls ? policy_.min_interval : policy_.min_interval_without_calls;
  const bool too_soon = last_ && now - *last_ < interval;
  last_ = now;
  if (!too_soon) return true;
  return ++strikes_ <= kMostStrikes;
}

}  // namespace tern::transport
