// PeerAddress: an address or a target as gRPC writes it, in the parts that OpenTelemetry's conventions ask for
// (network.peer.address, network.peer.port, network.transport, network.type; server.address, server.port).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tern::telemetry {

/// The parts point into the text that they were read from.
struct PeerAddress {
  /// An IP address without brackets, a host name, or a socket's path.
  std::string_view address;
  std::optional<std::uint16_t> port;
  /// "tcp" or "unix"; empty where the text does not say it.
  std::string_view transport;
  /// "ipv4" or "ipv6"; empty where the text does not say it.
  std::string_view type;
};

/// Reads "ipv4:127.0.0.1:1234", "ipv6:[::1]:1234", "unix:/path".
[[nodiscard]] PeerAddress peer_address(std::string_view peer) noexcept;

/// Reads a channel's target: "host:port", "dns:///host:port", "unix:/path". A list of addresses, and a scheme of the
/// program's own, are the address as a whole.
[[nodiscard]] PeerAddress target_address(std::string_view target) noexcept;

}  // namespace tern::telemetry
