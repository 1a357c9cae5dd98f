// Refusal: what a server did not take of a client, because of a limit or of HTTP/2's rules. Each is logged once for a
// connection, and told to observers (ServerObserver::on_refused, and rest::RequestObserver's for HTTP).
#pragma once

#include <cstddef>
#include <string_view>

namespace tern {

enum class Refusal {
  kConnections,  // ServerOptions::max_connections, max_connections_per_address
  kHandshake,    // no TLS or no HTTP/2 within handshake_timeout, a TLS that failed, half a head of HTTP/1.1
  kProtocol,     // a frame or a stream against RFC 9113, or no well-formed request of HTTP/1.1
  kFlood,        // too many frames of a kind that honest clients send now and then
  kStreams,      // max_concurrent_streams; calls that were reset count until their handlers have ended
  kCalls,        // max_calls_in_flight
  kHeaders,      // max_metadata_size, max_metadata_fields; of HTTP, a head that is too long
  kMessages,     // max_receive_message_length, max_buffered_bytes(_per_connection), max_unsent_bytes,
                 // max_unfinished_bytes, max_long_message_bytes, max_body_length
  kStalled,      // took nothing of what was written to it for write_timeout, or left a body of HTTP half sent
  kPings,        // min_ping_interval
};
inline constexpr std::size_t kRefusals = 10;

/// "connections", "handshake"…
constexpr std::string_view name_of(Refusal refusal) noexcept {
  constexpr std::string_view kNames[kRefusals] = {"connections", "handshake", "protocol", "flood",   "streams",
                                                  "calls",       "headers",   "messages", "stalled", "pings"};
  return kNames[static_cast<std::size_t>(refusal)];
}

struct Refused {
  Refusal why;
  /// "ipv4:127.0.0.1:1234".
  std::string_view peer;
  /// What it was, for people.
  std::string_view text;
};

}  // namespace tern
