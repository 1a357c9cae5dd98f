// ChannelOptions. A limit that can be lifted is a std::optional: std::nullopt lifts it, and 0 is rejected with
// std::invalid_argument. Pointers are borrowed, and then must outlive the channel, or shared: a std::shared_ptr is kept
// until the channel's last use of it, and released on any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "tern/client/backoff_options.h"
#include "tern/detail/shared_or_borrowed.h"
#include "tern/rpc/compression.h"
#include "tern/transport/in_process.h"
#include "tern/transport/tls.h"

namespace tern {

class Balancer;
class CallCredentials;
class Resolver;

struct ChannelOptions {
  /// The longest message that is accepted from a server, in bytes, also after decompression. A call with a longer one
  /// ends with RESOURCE_EXHAUSTED. Default: 4 MiB, as in gRPC. Raise it for large messages; each call may then hold as
  /// much.
  std::optional<std::size_t> max_receive_message_length = std::size_t{4} * 1024 * 1024;
  /// The longest message that is sent, in bytes. Default: no limit up to protobuf's 2 GiB, as in gRPC. Set it where
  /// servers are known to accept less.
  std::optional<std::size_t> max_send_message_length = std::nullopt;
  /// The longest header block that is accepted from a server, in bytes: its metadata and the fields of HTTP and gRPC,
  /// with 32 bytes for each field (RFC 9113 §6.5.2). A call whose response exceeds it ends with RESOURCE_EXHAUSTED.
  /// Default: 16 KiB, as in gRPC's core. Raise it for long error details or trailing metadata; each call may then hold
  /// as much.
  std::optional<std::size_t> max_metadata_size = std::size_t{16} * 1024;
  /// The most fields in such a block. Default: 100. Raise it for metadata of many keys.
  std::optional<std::size_t> max_metadata_fields = 100;
  /// How requests are compressed; a call may choose otherwise (CallOptions::compression). Default: not at all. Set it
  /// where the network is slower than zlib.
  Compression compression = Compression::kIdentity;
  /// Speaks TLS with this. Default: null, plaintext.
  detail::SharedOrBorrowed<ClientTls> tls = nullptr;
  /// Adds metadata to every call. Default: null, none.
  detail::SharedOrBorrowed<CallCredentials> call_credentials = nullptr;
  /// The limit for one address: to look it up and to connect, with TLS and the server's HTTP/2 preface. The next
  /// address is tried beside it after 250 ms (RFC 8305, gRFC A61). Default: 20 s, as in gRPC. Lower it where calls
  /// should fail sooner.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds{20};
  /// Sends a PING to a server that has been silent for this long while calls run. Default: never, as in gRPC. Set it to
  /// notice servers that vanish; a server may allow PINGs only once in some minutes.
  std::optional<std::chrono::nanoseconds> keepalive_time = std::nullopt;
  /// Closes the connection when the PING is not answered within this time. Default: 20 s, as in gRPC.
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds{20};
  /// Sends PINGs also while no call runs. Default: false. Set it where a NAT drops idle connections.
  bool keepalive_without_calls = false;
  /// Closes connections that had no call for this long, up to twice as long, until a call needs one. Default: 30 min,
  /// as in gRPC. std::nullopt keeps them, for programs whose rare calls must not wait for a connection.
  std::optional<std::chrono::nanoseconds> idle_timeout = std::chrono::minutes{30};
  /// Connects to the server in this process that listens on it, whatever the target says. Default: null.
  detail::SharedOrBorrowed<InProcess> in_process = nullptr;
  /// The delays between attempts to connect. Default: gRPC's.
  BackoffOptions backoff = {};
  /// Finds the target's servers in place of DNS; `target` is then any text. Default: null, DNS.
  detail::SharedOrBorrowed<Resolver> resolver = nullptr;
  /// A lost connection makes the channel look for its servers again, but not more often than this. Default: 30 s, as in
  /// gRPC. 0 looks after each loss.
  std::chrono::nanoseconds min_time_between_resolutions = std::chrono::seconds{30};
  /// Makes a channel that spreads its calls look for new servers this often. Default: 1 min. std::nullopt looks only
  /// after a loss: for resolvers that push.
  std::optional<std::chrono::nanoseconds> resolve_every = std::chrono::minutes{1};
  /// Spreads calls over all the target's servers, each in turn. Default: false, the first server that answers gets all
  /// (pick_first).
  bool round_robin = false;
  /// Makes a Balancer, which spreads the calls in another way, on each loop that uses the channel. Default: none.
  std::function<std::unique_ptr<Balancer>()> balancer = {};
  /// A call that finds all streams of a server taken (SETTINGS_MAX_CONCURRENT_STREAMS) opens another connection to it,
  /// up to this many on each loop; after `idle_timeout` without calls they are closed. A service config may ask for
  /// fewer (connectionScaling.maxConnectionsPerSubchannel). Default: 10, gRFC A105's limit. 1 makes calls wait for a
  /// stream.
  std::size_t max_connections_per_server = 10;
  /// JSON (grpc/doc/service_config.md): timeouts, retries, hedging, balancing. The resolver's service config takes
  /// precedence. Read in the channel's constructor. Default: none.
  std::string_view service_config = {};
  /// Repeats calls as the service config says. Default: true. A call that no server has seen is repeated in any case.
  bool enable_retries = true;
  /// Replaces the target's host, for servers that are reached by another name. Read in the channel's constructor.
  std::string_view authority = {};
};

}  // namespace tern
