// Channel: a server, as a client sees it. Connects when the first call needs it, again after a loss, once for each loop
// that uses it. Stubs make calls over it.
//
//   tern::Channel channel{"localhost:50051"};
//   user::v1::UserService::Stub stub{channel};
//   GetUserResponse reply = co_await stub.GetUser(request, {.timeout = 5s});
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/async/blocking.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/client/backoff_options.h"
#include "tern/client/connectivity_state.h"
#include "tern/rpc/compression.h"
#include "tern/transport/in_process.h"
#include "tern/transport/tls.h"
#include "tern/transport/traffic.h"

namespace tern {

class CallCredentials;
class Picker;
class Resolver;
class ChannelCore;
class ClientInterceptor;
class ClientObserver;

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
  /// For one attempt to connect, including the server's HTTP/2 greeting. gRPC's default.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds{20};
  /// A silent server is asked after this long whether it is still there, while there are calls. 0: never, gRPC's
  /// default. A server may allow this only once in some minutes.
  std::chrono::nanoseconds keepalive_time{};
  /// Without an answer for this long the connection is lost.
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds{20};
  /// Also while there is no call.
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
  /// Spreads calls over them as it says; must outlive the channel.
  Picker* picker = nullptr;
  /// JSON (grpc/doc/service_config.md): timeouts, retries, hedging, balancing; what the resolver finds goes before it.
  std::string_view service_config = {};
  /// Whether calls are repeated as the service config says; what no server has seen is repeated in any case.
  bool enable_retries = true;
  /// In place of the target's host, for servers that are reached by another name.
  std::string_view authority = {};
};

/// How it stands with one of a channel's servers, on one loop.
struct SubchannelInfo {
  /// No other one, nor channel, server or connection of this process has the same.
  std::uint64_t id = 0;
  /// The server's address; several, where they are tried in order.
  std::string name;
  ConnectivityState state = ConnectivityState::kIdle;
  std::optional<ConnectionInfo> connection;
};

/// What a channel is and did, so far.
struct ChannelInfo {
  std::uint64_t id = 0;
  std::string target;
  /// The best of its loops'.
  ConnectivityState state = ConnectivityState::kIdle;
  CallCounts calls;
  std::vector<SubchannelInfo> subchannels;
};

/// May be used from every loop and thread. Made on a loop or, for blocking stubs, on none: it then runs a loop on a
/// thread of its own. It must not outlive the loops that have used it.
class Channel {
 public:
  /// Connects to nothing yet. `target`: "host:port", "dns:///host:port", "ipv4:1.2.3.4:1,5.6.7.8:1", "ipv6:[::1]:1",
  /// "unix:/path", "unix-abstract:name", "fd:5" (a connected socket that the channel takes over, for
  /// one connection). Throws std::invalid_argument when it is none of these, or when the service
  /// config is wrong.
  explicit Channel(std::string target, ChannelOptions options = {});
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Closes it: calls that still run end with CANCELLED.
  ~Channel();

  /// Before the first call; the first one added is outermost. `interceptor` must outlive the channel.
  void add_interceptor(ClientInterceptor& interceptor);
  /// Before the first call; `observer` must outlive the channel.
  void add_observer(ClientObserver& observer);

  /// Waits until there is a connection from the current loop; throws RpcError (UNAVAILABLE) when there can be none.
  Task<void> connect();
  /// How the channel stands, on the current loop: each has connections of its own.
  [[nodiscard]] ConnectivityState state();
  /// Waits until it is no longer `last`, or until `limit`; the state then. Connects nothing by itself.
  Task<ConnectivityState> wait_for_state_change(ConnectivityState last,
                                                std::optional<Clock::time_point> limit = std::nullopt);
  /// Tries again at once what it would wait for after failures.
  void reset_backoff();
  /// Ends what runs, and returns when the connections are closed. Calls made afterwards end with CANCELLED.
  Task<void> close();

  /// Asks all loops that use it.
  Task<ChannelInfo> inspect() const;
  [[nodiscard]] std::uint64_t id() const noexcept;
  [[nodiscard]] const std::string& target() const noexcept;
  [[nodiscard]] const std::shared_ptr<ChannelCore>& core() const noexcept { return core_; }
  /// Where blocking stubs run their calls.
  [[nodiscard]] Loop& home() const noexcept { return *home_; }

 private:
  std::shared_ptr<ChannelCore> core_;
  std::unique_ptr<LoopThread> own_loop_;
  Loop* home_;
};

}  // namespace tern
