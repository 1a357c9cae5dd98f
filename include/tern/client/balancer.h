// Balancer: which of a channel's servers gets a call, for those whom round_robin does not serve: least request,
// weights, ejection of servers that fail (examples/balancer.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tern/api.h"
#include "tern/client/connectivity_state.h"
#include "tern/client/server_attributes.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

/// One of the channel's servers, as one loop sees it.
struct BalancedServer {
  /// SubchannelInfo::id: the same for as long as the resolver names the server with the same address.
  std::uint64_t id = 0;
  std::string_view address;
  /// The resolver's.
  const ServerAttributes& attributes;
  ConnectivityState state = ConnectivityState::kIdle;
  /// This channel's, on this loop.
  std::size_t calls_in_flight = 0;
};

struct CallToBalance {
  /// "/package.Service/Method".
  std::string_view method;
  /// The metadata that is sent with it.
  const Metadata& metadata;
  Clock::time_point now;
};

/// The end of a call on a server; with retries and hedging, of each attempt.
struct BalancedCallEnd {
  const Status& status;
  /// Since the request was given to the connection.
  Clock::duration took{};
  /// Empty when the server sent none.
  const Metadata& trailing_metadata;
  Clock::time_point now;
};

/// A channel makes one on each loop that uses it (ChannelOptions::balancer), and uses it there only: it needs no lock.
/// It does no I/O and never waits. Its exceptions are logged; a pick() that throws picks the next server in turn.
/// Arguments live until the function returns.
class TERN_API Balancer {
 public:
  Balancer() = default;
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  virtual ~Balancer() = default;

  /// Their states, after each change of one or of the resolver's list, in the resolver's order.
  virtual void servers_changed(std::span<const BalancedServer> /*servers*/) {}
  /// Returns the index of the server that gets the call. `ready` has the servers that are connected and healthy, at
  /// least one, in the order of the resolver.
  virtual std::size_t pick(std::span<const BalancedServer> ready, const CallToBalance& call) = 0;
  /// Once for each pick whose call was sent to the server. `server`: its id.
  virtual void call_ended(std::uint64_t /*server*/, const BalancedCallEnd& /*end*/) {}
};

}  // namespace tern
