// What connections and calls did so far, to be looked at by people and tools: Server::inspect(), Channel::inspect(),
// and grpc.channelz.v1, which shows the same to clients.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tern/api.h"

namespace tern {

using WallClock = std::chrono::system_clock;

struct TERN_API CallCounts {
  std::uint64_t started = 0;
  /// With status OK.
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  /// To some milliseconds; none before the first.
  std::optional<WallClock::time_point> last_started;

  void count_start() noexcept;
  void count_end(bool ok) noexcept { ++(ok ? succeeded : failed); }
  CallCounts& operator+=(const CallCounts& other) noexcept;
};

struct ConnectionInfo {
  /// No other connection, server or channel of this process has the same.
  std::uint64_t id = 0;
  /// "ipv4:127.0.0.1:1234" and so on.
  std::string local;
  std::string peer;
  /// The cipher suite by its standard name; empty without TLS.
  std::string cipher;
  /// The peer's certificate in PEM; empty without.
  std::string peer_certificate;
  std::uint64_t streams_started = 0;
  /// Ended by both sides, whatever the status.
  std::uint64_t streams_succeeded = 0;
  /// Reset, or lost with the connection.
  std::uint64_t streams_failed = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t keepalives_sent = 0;
  /// Bytes that the peer may send now on the connection as a whole, and that we may.
  std::int64_t local_window = 0;
  std::int64_t remote_window = 0;
};

}  // namespace tern
