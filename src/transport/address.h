// Where to listen or to connect: "host:port", "[::]:50051", "127.0.0.1:0", "unix:/path"; the schemes "ipv4:", "ipv6:"
// and "dns:" (with or without "///") may stand before a host and port (gRPC's naming.md); "fd:3" is a socket that was
// opened elsewhere: by systemd, by a parent process, by socketpair().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern::transport {

/// A descriptor that is handed in, and can be taken once: it is closed with what is made of it.
class HandedInSocket {
 public:
  explicit HandedInSocket(int descriptor) noexcept : descriptor_(descriptor), left_(descriptor) {}
  [[nodiscard]] int number() const noexcept { return descriptor_; }
  /// Throws std::runtime_error when it was taken before. Any thread.
  int take();

 private:
  int descriptor_;
  std::atomic<int> left_;
};

struct Address {
  std::string host;  // empty for a unix socket
  std::uint16_t port = 0;
  std::string unix_path;
  std::shared_ptr<HandedInSocket> handed_in = nullptr;

  /// Throws std::invalid_argument that says what an address looks like.
  static Address parse(std::string_view text);
  /// "host:port" or "[ipv6]:port" alone.
  static Address parse_host(std::string_view text);

  [[nodiscard]] bool is_unix() const noexcept { return !unix_path.empty(); }
  /// Has a name to look up.
  [[nodiscard]] bool by_name() const { return !is_unix() && handed_in == nullptr && !is_numeric(); }
  /// The host is an IP address, not a name to look up.
  [[nodiscard]] bool is_numeric() const;
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Address&, const Address&) = default;
};

/// "127.0.0.1" of "ipv4:127.0.0.1:1234"; empty for a unix socket's peer.
TERN_API std::string_view host_of_peer(std::string_view peer) noexcept;

}  // namespace tern::transport
