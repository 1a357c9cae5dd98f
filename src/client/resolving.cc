#include "client/resolving.h"

#include <algorithm>
#include <cassert>

#include "client/backoff.h"

namespace tern {

Resolving::Step Resolving::begin(Clock::time_point now) {
  assert(!running_);
  if (state_ != State::kKnown) state_ = State::kLookingUp;
  running_ = true;
  began_ = now;
  wake_.reset();
  return {.look_up = true};
}

Resolving::Step Resolving::needed(Clock::time_point now) { return state_ == State::kIdle ? begin(now) : wait(); }

// One that comes too early is put off, not forgotten: nobody may notice a second loss.
Resolving::Step Resolving::servers_lost(Clock::time_point now) {
  if (running_ || state_ != State::kKnown || failures_ > 0) return wait();
  const Clock::time_point earliest = began_ + options_.min_between;
  if (now >= earliest) return begin(now);
  if (!wake_ || earliest < *wake_) wake_ = earliest;
  return wait();
}

void Resolving::found() noexcept {
  assert(running_ && state_ != State::kFailed);
  state_ = State::kKnown;
  failures_ = 0;
}

Resolving::Step Resolving::ended(Clock::time_point now) {
  assert(running_);
  running_ = false;
  failures_ = 0;
  if (options_.every) wake_ = now + *options_.every;
  return wait();
}

Resolving::Step Resolving::failed(Clock::time_point now, double spread) {
  assert(running_ && failures_ >= 0);
  running_ = false;
  if (state_ != State::kKnown) state_ = State::kFailed;
  const auto step = Backoff::step(options_.backoff, failures_++) * spread;
  wake_ = std::max(now, began_ + std::chrono::duration_cast<Clock::duration>(step));
  return wait();
}

// The first look-up begins when a call needs it.
Resolving::Step Resolving::woken(Clock::time_point now) {
  if (wake_ && now < *wake_) return wait();
  wake_.reset();
  if (state_ == State::kKnown && !running_) return begin(now);
  if (state_ == State::kFailed) state_ = State::kIdle;
  return wait();
}

Resolving::Step Resolving::reset_backoff(Clock::time_point now) {
  const bool waits = failures_ > 0 && !running_;
  failures_ = 0;
  if (!waits) return wait();
  wake_.reset();
  return woken(now);
}

}  // namespace tern
