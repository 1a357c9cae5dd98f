// Resolver: where a target's servers are, for those who do not find them by DNS: a registry, a configuration file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tern/async/task.h"

namespace tern {

struct Resolution {
  /// "1.2.3.4:50051", "[::1]:50051", "unix:/path"; hosts' names are looked up when they are connected to.
  std::vector<std::string> addresses;
  /// JSON (grpc/doc/service_config.md); empty: what ChannelOptions says.
  std::string service_config;
};

/// Outlives the channels that it is given to; serves all their loops at once.
class Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  /// Called when the first call needs it, and again when connections are lost or cannot be had, not more often than
  /// ChannelOptions::min_time_between_resolutions. What it throws ends calls that do not wait with UNAVAILABLE.
  virtual Task<Resolution> resolve(std::string_view target) = 0;
};

}  // namespace tern
