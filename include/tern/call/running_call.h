// RunningCall: a call in flight, as Server::inspect() and Channel::inspect() show it to people.
#pragma once

#include <optional>
#include <string>

#include "tern/async/job.h"
#include "tern/async/job_stack.h"
#include "tern/transport/traffic.h"

namespace tern {

struct RunningCall {
  /// "/package.Service/Method". For an HTTP request, "HTTP" and its target: "HTTP /orders/17".
  std::string method;
  /// "ipv4:127.0.0.1:1234". Empty for a client's call that waits for a connection.
  std::string peer;
  /// When the handler began, or on a client the call, to some milliseconds. Empty where it is not known.
  std::optional<WallClock::time_point> started;
  std::optional<Clock::time_point> deadline;
  bool cancelled = false;
  /// Names the thing that the call awaits. On a client "a connection" or "the server"; on a server what the handler
  /// awaits (JobStack::awaits). Empty while the handler runs, or waits for its turn on the loop.
  std::string awaits;
  /// The handler's coroutines. Empty on a client.
  JobStack stack;
};

/// Chooses between the parts of inspect().
enum class Inspect : std::uint8_t {
  /// Counts and connections.
  kCounts,
  /// The running calls too: some microseconds of the loop's time for each.
  kCalls,
};

}  // namespace tern
