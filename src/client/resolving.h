// Resolving: when a channel looks for its servers (gRPC's naming document, gRFC A21). Without I/O, clock and chance:
// events and the time go in, the next actions come out.
//
//         needed               found
//   idle ---------> looking up ------> known <---------------------.
//    ^                  | failed         | servers lost, or        | found; or failed: the servers stay, and it looks
//    | backoff passed   v                v time is up              | again after the backoff
//    '--------------- failed           known, looking up again ----'
//
// A look-up whose resolver pushes goes on after it has found servers, and none is begun beside it.
#pragma once

#include <chrono>
#include <optional>

#include "tern/async/job.h"
#include "tern/client/backoff_options.h"

namespace tern {

class Resolving {
 public:
  struct Options {
    BackoffOptions backoff;
    std::chrono::nanoseconds min_between{};
    /// Looks again after this long without cause; std::nullopt: never.
    std::optional<std::chrono::nanoseconds> every = std::nullopt;
  };
  enum class State { kIdle, kLookingUp, kFailed, kKnown };

  /// The caller's next actions.
  struct Step {
    /// Begin a look-up.
    bool look_up = false;
    /// Call woken() then; it takes the place of an earlier time. Nothing: at no time.
    std::optional<Clock::time_point> wake = std::nullopt;
  };

  explicit Resolving(Options options) : options_(options) {}

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool known() const noexcept { return state_ == State::kKnown; }
  /// A look-up is under way.
  [[nodiscard]] bool running() const noexcept { return running_; }

  /// A call needs the servers.
  Step needed(Clock::time_point now);
  /// A connection was lost, or cannot be had: servers may have moved.
  Step servers_lost(Clock::time_point now);
  /// The look-up has servers.
  void found() noexcept;
  /// It has ended, as it should.
  Step ended(Clock::time_point now);
  /// It has ended with an error, or what it found cannot be used. `spread`: what the backoff is multiplied with.
  Step failed(Clock::time_point now, double spread);
  Step woken(Clock::time_point now);
  /// The user knows that it is worth trying again.
  Step reset_backoff(Clock::time_point now);
  /// Looks again this often from now on.
  void look_every(std::optional<std::chrono::nanoseconds> every) noexcept { options_.every = every; }

 private:
  Step begin(Clock::time_point now);
  [[nodiscard]] Step wait() const noexcept { return {.wake = wake_}; }

  Options options_;
  State state_ = State::kIdle;
  bool running_ = false;
  int failures_ = 0;  // in a row
  Clock::time_point began_;
  std::optional<Clock::time_point> wake_;
};

}  // namespace tern
