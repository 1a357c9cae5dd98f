// ServerOptions, ListenOptions and StopOptions. A limit that can be lifted is a std::optional: std::nullopt lifts it,
// and 0 is rejected with std::invalid_argument, since it would admit nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tern/api.h"
#include "tern/detail/shared_or_borrowed.h"
#include "tern/rpc/compression.h"

namespace tern {

class HttpHandler;
class InheritedSockets;
class ServerTls;

/// Returns three quarters of the descriptors that the process may have (RLIMIT_NOFILE), so that some are left for
/// databases and files. Without such a limit, SIZE_MAX.
[[nodiscard]] TERN_API std::size_t default_max_connections() noexcept;
/// Returns what Python's ThreadPoolExecutor starts: 4 threads more than cores, 32 at most.
[[nodiscard]] TERN_API std::size_t default_max_workers() noexcept;

struct ServerOptions {
  /// The longest message that is accepted from a client, in bytes, also after decompression. A call with a longer one
  /// ends with RESOURCE_EXHAUSTED. Default: 4 MiB, as in gRPC. Raise it for large messages; each call may then hold as
  /// much.
  std::optional<std::size_t> max_receive_message_length = std::size_t{4} * 1024 * 1024;
  /// The longest message that is sent, in bytes. Default: no limit up to protobuf's 2 GiB, as in gRPC. Set it to find
  /// handlers that answer too much.
  std::optional<std::size_t> max_send_message_length = std::nullopt;
  /// The longest header block that is accepted from a client, in bytes: its metadata and the fields of HTTP and gRPC,
  /// with 32 bytes for each field (RFC 9113 §6.5.2). A call that exceeds it ends with RESOURCE_EXHAUSTED (HTTP: 431).
  /// Default: 16 KiB, as in gRPC's core. Raise it for long tokens; each call may then hold as much.
  std::optional<std::size_t> max_metadata_size = std::size_t{16} * 1024;
  /// The most fields in such a block. Default: 100. Raise it for metadata of many keys.
  std::optional<std::size_t> max_metadata_fields = 100;
  /// How responses are compressed for clients that can read it; a handler may choose otherwise. Default: not at all.
  /// Set it where the network is slower than zlib.
  Compression compression = Compression::kIdentity;
  /// Calls that a client may have open at once on one connection. The client queues calls above the limit. A call that
  /// was reset counts until its handler has ended. Default: 100. Raise it for proxies, whose clients share a
  /// connection.
  std::optional<std::uint32_t> max_concurrent_streams = 100;
  /// Closes a connection that has not finished its TLS handshake and HTTP/2 preface by then. Default: 10 s. Raise it
  /// for clients on very slow networks.
  std::optional<std::chrono::nanoseconds> handshake_timeout = std::chrono::seconds{10};
  /// Closes a connection whose peer reads no data for this long while there is some to write. A client whose program
  /// pauses is not affected: its system reads on, and HTTP/2's windows hold its calls back. Default: 30 s.
  std::optional<std::chrono::nanoseconds> write_timeout = std::chrono::seconds{30};
  /// Connections at once, on all loops. Further ones are closed as they come. Default: default_max_connections(). Lower
  /// it where the program needs more descriptors of its own.
  std::optional<std::size_t> max_connections = default_max_connections();
  /// Connections at once from one address. Default: no limit, since behind a proxy all clients have one address. Set it
  /// for servers that clients reach directly.
  std::optional<std::size_t> max_connections_per_address = std::nullopt;
  /// Calls that may run at once, on all connections. Further ones are rejected with RESOURCE_EXHAUSTED. Each loop has
  /// an equal share. Default: no limit. Set it to what the program's slowest dependency can serve.
  std::optional<std::size_t> max_calls_in_flight = std::nullopt;
  /// Bytes of messages that one connection may hold in the server: received and not read yet, or written and not sent.
  /// A call that would hold more ends with RESOURCE_EXHAUSTED. One message of any allowed length always fits. Default:
  /// 64 MiB. Raise it for clients with many calls of large messages on one connection.
  std::optional<std::size_t> max_buffered_bytes_per_connection = std::size_t{64} * 1024 * 1024;
  /// The same for all connections together, each loop with an equal share. When it is used up, each connection may
  /// still use its part of it (the limit divided by the number of connections). Default: 1 GiB. Lower it on small
  /// machines.
  std::optional<std::size_t> max_buffered_bytes = std::size_t{1024} * 1024 * 1024;

  // The next three make clients wait before the limits above reject calls. Each is for all connections together; each
  // loop has an equal share, but at least 4 MiB where the limit is not less.

  /// Bytes of responses that are written and not sent, from which on new calls wait: those of connections that have
  /// more than 128 KiB of them, until their client has read some. A call that waits while its client reads nothing for
  /// three seconds ends with RESOURCE_EXHAUSTED. Calls that run already go on. Default: 16 MiB. Raise it for many
  /// clients that read large responses slowly.
  std::optional<std::size_t> max_unsent_bytes = std::size_t{16} * 1024 * 1024;
  /// Bytes of messages that have come in part, from which on connections that hold more than 128 KiB of them take turns
  /// at receiving. Each second that a connection waits raises the limit by 2 MiB, up to max_buffered_bytes. A client
  /// that could send on and does not for three seconds loses its call with RESOURCE_EXHAUSTED (HTTP: 503). Default: 16
  /// MiB. Raise it for many clients that send slowly.
  std::optional<std::size_t> max_unfinished_bytes = std::size_t{16} * 1024 * 1024;
  /// The lengths, added up, of the long messages that come in at the same time: gRPC messages and HTTP bodies of more
  /// than 64 KiB. The others wait before they have sent more than the first 64 KiB, connections in turn. One long
  /// message is always admitted. The limit grows, and silent clients lose their calls, as for max_unfinished_bytes.
  /// Default: 16 MiB. Raise it for many uploads at once.
  std::optional<std::size_t> max_long_message_bytes = std::size_t{16} * 1024 * 1024;

  /// Sends a PING to a client that has been silent for this long. std::nullopt sends none. Default: 2 h, as in gRPC.
  /// Lower it where a NAT or a load balancer drops idle connections.
  std::optional<std::chrono::nanoseconds> keepalive_time = std::chrono::hours{2};
  /// Closes the connection when the PING is not answered within this time. Default: 20 s, as in gRPC.
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds{20};
  /// Closes a connection whose client sends PINGs more often than this while nothing is sent to it ("too_many_pings").
  /// Default: 5 min, as in gRPC. Lower it for clients whose keepalive is shorter.
  std::optional<std::chrono::nanoseconds> min_ping_interval = std::chrono::minutes{5};
  /// Allows clients without a call PINGs as often. Default: false, once in two hours.
  bool permit_pings_without_calls = false;
  /// Ends connections gracefully at this age, give or take a tenth. Default: never. Set it so that clients spread over
  /// servers that were added.
  std::optional<std::chrono::nanoseconds> max_connection_age = std::nullopt;
  /// How long calls that run at that age may go on. Default: as long as they like.
  std::optional<std::chrono::nanoseconds> max_connection_age_grace = std::nullopt;
  /// Ends connections that had no call for this long, up to twice as long. Default: never. Set it for many clients that
  /// call rarely.
  std::optional<std::chrono::nanoseconds> max_connection_idle = std::nullopt;
  /// Threads for synchronous services. Calls above their number wait in order. Default: default_max_workers(). Raise it
  /// for handlers that wait much.
  std::size_t max_workers = default_max_workers();
  /// How long the server's destructor waits for synchronous handlers that block their threads and ignore their
  /// cancellation. Then it leaves their threads behind with what they use of the server: their service must stay, or
  /// the process end. 0 does not wait. Default: 10 s.
  std::chrono::nanoseconds blocked_handlers_timeout = std::chrono::seconds{10};
};

struct ListenOptions {
  /// Clients must speak TLS here, with this: borrowed, and then it must outlive the server, or shared. Default: null,
  /// plaintext.
  detail::SharedOrBorrowed<ServerTls> tls = nullptr;
  /// Others may listen on the same port, in this process or another; the kernel spreads connections over them
  /// (SO_REUSEPORT). Default: false.
  bool reuse_port = false;
  /// Answers what comes here and is no gRPC: HTTP/1.1, and HTTP/2 of other kinds, told apart by a connection's first
  /// bytes and by each request's content type: borrowed, and then it must outlive the server, or shared. Default: null,
  /// the port accepts gRPC alone.
  detail::SharedOrBorrowed<HttpHandler> http = nullptr;
  /// The listening socket's name in listening_sockets(), and in the program that replaces this one. A line break is
  /// rejected. Default: the address's text.
  std::string_view name = {};
  /// Sockets of this name in it are used in place of the address: they listen already, with the connections that wait
  /// in them. Null, or without any of the name: listens on the address.
  InheritedSockets* inherited = nullptr;
};

struct StopOptions {
  /// How long running calls may go on, after `delay`. Default: 0, they are cancelled at once. Set it below the time
  /// that the process is given to end.
  std::chrono::nanoseconds grace = std::chrono::nanoseconds::zero();
  /// How long the server still accepts connections and calls, as if it were not stopping. Load balancers need this time
  /// to see NOT_SERVING (HealthService::shut_down() before the stop) and to send their clients elsewhere. Default: 0.
  std::chrono::nanoseconds delay = std::chrono::nanoseconds::zero();
  /// How long an idle HTTP/1.1 connection stays open for one more request, within the grace; its response then closes
  /// the connection. HTTP/1.1 has no GOAWAY: a request that is on its way when the server closes its connection fails.
  /// Default: 0, which closes idle connections at once. Set it behind proxies that keep connections open.
  std::chrono::nanoseconds http1_idle = std::chrono::nanoseconds::zero();
};

}  // namespace tern
