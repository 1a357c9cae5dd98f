// Resolver: where a target's servers are, for those who do not find them by DNS: a registry, a configuration file.
//
//   tern::AsyncGenerator<tern::Resolution> resolve(std::string_view target) override {
//     for (;;) {
//       tern::Resolution found = co_await registry_.ask(target);
//       co_yield found;
//       co_await registry_.changed();  // without a loop, it is asked again when servers are lost
//     }
//   }
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/client/server_attributes.h"

namespace tern {

struct ResolvedServer {
  // NOLINTBEGIN(google-explicit-constructor): an address alone is a server
  ResolvedServer(std::string its_address, ServerAttributes its_attributes = {})
      : address(std::move(its_address)), attributes(std::move(its_attributes)) {}
  ResolvedServer(const char* its_address) : address(its_address) {}
  // NOLINTEND(google-explicit-constructor)

  /// "1.2.3.4:50051", "[::1]:50051", "unix:/path"; a host's name is looked up when it is connected to.
  std::string address;
  ServerAttributes attributes;
};

struct Resolution {
  std::vector<ResolvedServer> servers;
  /// JSON (grpc/doc/service_config.md); empty: what ChannelOptions says.
  std::string service_config;
};

/// Outlives the channels that it is given to; serves all their loops at once.
class TERN_API Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  /// Yields the servers that the channel uses from then on, at first and after each change. Called when the first call
  /// needs it. After it has returned it is called again when connections are lost or cannot be made, but not more often
  /// than ChannelOptions::min_time_between_resolutions, and every ChannelOptions::resolve_every where calls are spread;
  /// while it still runs it is not. Before the first resolution, an exception ends calls that do not wait with
  /// UNAVAILABLE; afterwards the last resolution stays. It is then called again after a backoff
  /// (ChannelOptions::backoff). The closing of the channel cancels it. Runs on each loop that uses the channel.
  /// `target` is the channel's, and outlives it.
  virtual AsyncGenerator<Resolution> resolve(std::string_view target) = 0;
};

}  // namespace tern
