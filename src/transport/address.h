// Where to listen or to connect: "host:port", "[::]:50051", "127.0.0.1:0", "unix:/path"; the schemes "ipv4:", "ipv6:"
// and "dns:" (with or without "///") may stand before a host and port (gRPC's naming.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tern::transport {

struct Address {
  std::string host;  // empty for a unix socket
  std::uint16_t port = 0;
  std::string unix_path;

  /// Throws std::invalid_argument that says what an address looks like.
  static Address parse(std::string_view text);

  [[nodiscard]] bool is_unix() const noexcept { return !unix_path.empty(); }
  /// The host is an IP address, not a name to look up.
  [[nodiscard]] bool is_numeric() const;
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace tern::transport
