// ChannelOptions: what may be said of a channel. Each has gRPC's default, where gRPC has one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "tern/client/backoff_options.h"
#include "tern/rpc/compression.h"
#include "tern/transport/in_process.h"
#include "tern/transport/tls.h"

namespace tern {

class Balancer;
class CallCredentials;
class Resolver;

struct ChannelOptions {
  /// Longest message taken from the server, in bytes. gRPC's default.
  std::size_t max_receive_message_length = std::size_t{4} * 1024 * 1024;
  /// Longest message sent, in bytes.
  std::size_t max_send_message_length = SIZE_MAX;
  /// The longest header block that is accepted from a server, in bytes: its metadata and the fields of HTTP and gRPC,
  /// with 32 bytes for each field (RFC 9113 §6.5.2). A call whose response exceeds it ends with RESOURCE_EXHAUSTED.
  /// Default: 16 KiB, as in gRPC's core. 0 disables the limit. Raise it for long error details or trailing metadata;
  /// each call may then hold as much.
  std::size_t max_metadata_size = std::size_t{16} * 1024;
  /// The most fields in such a block. Default: 100. 0 disables the limit. Raise it for metadata of many keys.
  std::size_t max_metadata_fields = 100;
  /// How requests are compressed; a call may say otherwise (CallOptions::compression).
  Compression compression = Compression::kIdentity;
  /// Speaks TLS, with this, which must outlive the channel; without, plaintext.
  ClientTls* tls = nullptr;
  /// For every call; must outlive the channel.
  CallCredentials* call_credentials = nullptr;
  /// For one address: to look it up and to connect, including TLS and the HTTP/2 greeting of the server. The next
  /// address is tried beside it after 250 ms (RFC 8305, gRFC A61). gRPC's default.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds{20};
  /// A silent server is asked after this long whether it is still there, while there are calls. 0: never, gRPC's
  /// default. A server may allow this only once in some minutes.
  std::chrono::nanoseconds keepalive_time{};
  /// Without an answer for this long the connection is lost.
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds{20};
  /// Asks also while no call runs.
  bool keepalive_without_calls = false;
  /// Connections without a call for this long, up to twice as long, are closed, until a call needs one. gRPC's default.
  /// 0: never.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes{30};
  /// Connects to the server in this process that listens on it, whatever the target says; must outlive the channel.
  InProcess* in_process = nullptr;
  /// Between attempts to connect. gRPC's defaults.
  BackoffOptions backoff = {};
  /// Finds the target's servers in place of DNS; must outlive the channel. `target` is then any text.
  Resolver* resolver = nullptr;
  /// Lost connections make the channel look for its servers again, but not more often than this. gRPC's default.
  std::chrono::nanoseconds min_time_between_resolutions = std::chrono::seconds{30};
  /// A channel that spreads its calls looks for new servers this often. 0: never without cause.
  std::chrono::nanoseconds resolve_every = std::chrono::minutes{1};
  /// Spreads calls over all the target's servers, each in turn; without, the first that answers gets all (pick_first).
  bool round_robin = false;
  /// Makes what spreads the calls over them in another way, on each loop that uses the channel.
  std::function<std::unique_ptr<Balancer>()> balancer = {};
  /// A call that finds all streams of a server taken (SETTINGS_MAX_CONCURRENT_STREAMS) opens another connection to it,
  /// up to this many on each loop; after `idle_timeout` without calls they are closed. A service config may ask for
  /// fewer (connectionScaling.maxConnectionsPerSubchannel). Default: gRFC A105's limit. 1: calls wait for a stream.
  std::size_t max_connections_per_server = 10;
  /// JSON (grpc/doc/service_config.md): timeouts, retries, hedging, balancing; the resolver's service config takes
  /// precedence.
  std::string_view service_config = {};
  /// Whether calls are repeated as the service config says; what no server has seen is repeated in any case.
  bool enable_retries = true;
  /// In place of the target's host, for servers that are reached by another name.
  std::string_view authority = {};
};

}  // namespace tern
