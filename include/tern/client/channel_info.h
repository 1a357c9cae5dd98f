// ChannelInfo: how it stands with a channel and its servers; for operators (channelz).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tern/call/running_call.h"
#include "tern/client/connectivity_state.h"
#include "tern/transport/traffic.h"

namespace tern {

/// How it stands with one of a channel's servers, on one loop.
struct SubchannelInfo {
  /// No other one, nor channel, server or connection of this process has the same.
  std::uint64_t id = 0;
  /// The server's address; several, where they are tried in order.
  std::string name;
  ConnectivityState state = ConnectivityState::kIdle;
  /// The oldest first.
  std::vector<ConnectionInfo> connections;
};

/// A channel's state and counts, so far.
struct ChannelInfo {
  std::uint64_t id = 0;
  std::string target;
  /// The best of its loops'.
  ConnectivityState state = ConnectivityState::kIdle;
  CallCounts calls;
  std::vector<SubchannelInfo> subchannels;
  /// Calls that have begun and not ended. Empty with Inspect::kCounts.
  std::vector<RunningCall> running;
};

}  // namespace tern
