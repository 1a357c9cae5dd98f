// Server: services on listening addresses. Lives on the loop that it is made on, and spreads its connections over that
// loop's siblings.
//
//   tern::Server server{{.max_receive_message_length = 50 << 20}};
//   server.add_service(users);
//   server.listen("[::]:50051");
//   co_await server.serve_until(tern::signals(SIGINT, SIGTERM), {.grace = 5s});
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/async/task.h"
#include "tern/call/running_call.h"
#include "tern/rpc/compression.h"
#include "tern/server/generic_service.h"
#include "tern/server/inherited_sockets.h"
#include "tern/server/interceptor.h"
#include "tern/server/observer.h"
#include "tern/server/service.h"
#include "tern/transport/in_process.h"
#include "tern/transport/listening_socket.h"
#include "tern/transport/tls.h"
#include "tern/transport/traffic.h"

namespace boost::asio {
class io_context;
}

namespace tern {

class HttpHandler;

struct ServerOptions {
  /// Longest message taken from a client, in bytes. gRPC's default.
  std::size_t max_receive_message_length = std::size_t{4} * 1024 * 1024;
  /// Longest message sent, in bytes. Unlimited (up to protobuf's 2 GiB), as in gRPC.
  std::size_t max_send_message_length = SIZE_MAX;
  /// The longest header block that is accepted from a client, in bytes: its metadata and the fields of HTTP and gRPC,
  /// with 32 bytes for each field (RFC 9113 §6.5.2). A call that exceeds it ends with RESOURCE_EXHAUSTED (HTTP: 431).
  /// Default: 16 KiB, as in gRPC's core. 0 disables the limit. Raise it for long tokens; each call may then hold as
  /// much.
  std::size_t max_metadata_size = std::size_t{16} * 1024;
  /// The most fields in such a block. Default: 100. 0 disables the limit. Raise it for metadata of many keys.
  std::size_t max_metadata_fields = 100;
  /// How responses are compressed where the client can read it; handlers may say otherwise.
  Compression compression = Compression::kIdentity;
  /// Calls that a client may have open at once on one connection; further ones wait at the client. One that is reset
  /// counts until its handler has ended.
  std::uint32_t max_concurrent_streams = 100;
  /// A client that has not shaken hands (TLS) and greeted in HTTP/2 by then is let go.
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds{10};
  /// A client that takes nothing of what is written to it for this long is gone. One whose reader only pauses lets its
  /// system take some, and is not meant: HTTP/2's windows hold its calls back. 0: never.
  std::chrono::nanoseconds write_timeout = std::chrono::seconds{30};
  /// Connections at once, on all loops; further ones are closed as they come. 0: three quarters of the descriptors that
  /// the process may have (RLIMIT_NOFILE), so that some are left for databases and files.
  std::size_t max_connections = 0;
  /// The same from one address. 0: no limit: behind a proxy all have one.
  std::size_t max_connections_per_address = 0;
  /// Calls that may run at once, on all connections; further ones are refused with RESOURCE_EXHAUSTED. 0: no limit.
  /// Each loop has an equal share.
  std::size_t max_calls_in_flight = 0;
  /// Bytes of messages that one connection may hold here, received and not read yet or written and not taken by the
  /// client; a call that would hold more ends with RESOURCE_EXHAUSTED. One message of any allowed length always fits.
  /// 0: no limit.
  std::size_t max_buffered_bytes_per_connection = std::size_t{64} * 1024 * 1024;
  /// The same for all connections together, each loop with an equal share. When it is used up, a connection may still
  /// use its part of it (the limit by the number of connections). 0: no limit.
  std::size_t max_buffered_bytes = std::size_t{1024} * 1024 * 1024;
  /// Bytes of messages, written and not taken by their clients, from which on new calls of a connection that has more
  /// than 128 KiB of them wait until it takes some; three seconds without any, and they end with RESOURCE_EXHAUSTED.
  /// What already runs is left to the limits above.
  ///
  /// The same for what comes in: messages of more than 64 KiB, and bodies of requests, come in as many at a time as
  /// this has room for as a whole, and then the next; connections wait whose half messages take up more than that
  /// together. Each second that somebody waits adds 2 MiB, up to max_buffered_bytes; who could go on and does not for
  /// three seconds ends with RESOURCE_EXHAUSTED (HTTP: 503).
  ///
  /// For all connections together, each loop with an equal share, of 4 MiB at least where that is not more than all. 0:
  /// nobody waits.
  std::size_t crowded_bytes = std::size_t{16} * 1024 * 1024;
  /// A silent client is asked after this long whether it is still there, and given up without an answer. gRPC's
  /// defaults. 0: never.
  std::chrono::nanoseconds keepalive_time = std::chrono::hours{2};
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds{20};
  /// A client that pings more often than this, while nothing is sent to it, is sent away ("too_many_pings"). gRPC's
  /// default.
  std::chrono::nanoseconds min_ping_interval = std::chrono::minutes{5};
  /// Whether clients may ping as often without a call; otherwise once in two hours.
  bool permit_pings_without_calls = false;
  /// Connections are ended gracefully at this age, give or take a tenth, so that clients spread over new servers. 0:
  /// never.
  std::chrono::nanoseconds max_connection_age{};
  /// Calls that run then may go on for this long. 0: as long as they like.
  std::chrono::nanoseconds max_connection_age_grace{};
  /// Connections without a call for this long, up to twice as long, are ended. 0: never.
  std::chrono::nanoseconds max_connection_idle{};
  /// Threads for synchronous services; calls over it wait in order. 0: as Python's ThreadPoolExecutor, 4 more than
  /// cores, 32 at most.
  std::size_t max_workers = 0;
  /// When the server has ended but for synchronous handlers that block their threads and heed no cancellation, its
  /// destructor waits for them as long as this. Then it leaves them behind: their threads, and what they use of the
  /// server, are never given back; their service must stay, or the process end.
  std::chrono::nanoseconds blocked_handlers_timeout = std::chrono::seconds{10};
};

struct ListenOptions {
  /// Clients must speak TLS here, with this, which must outlive the server; without, none can.
  ServerTls* tls = nullptr;
  /// Others may listen on the same port, in this process or another; the kernel spreads connections over them
  /// (SO_REUSEPORT).
  bool reuse_port = false;
  /// Answers what comes here and is no gRPC: HTTP/1.1, and HTTP/2 of other kinds, told apart by a connection's first
  /// bytes and by each request's content type. A port without one takes gRPC alone.
  HttpHandler* http = nullptr;
  /// The listening socket's name in listening_sockets(), and in the program that replaces this one. A line break is
  /// rejected. Default: the address's text.
  std::string_view name = {};
  /// Sockets of this name in it are used in place of the address: they listen already, with the connections that wait
  /// in them. Null, or without any of the name: listens on the address.
  InheritedSockets* inherited = nullptr;
};

/// What a server is and did, so far.
struct ServerInfo {
  /// No other server, channel or connection of this process has the same.
  std::uint64_t id = 0;
  /// Listening addresses, with the ports that they really have, and an id for each.
  struct Listening {
    std::uint64_t id = 0;
    std::string address;
  };
  std::vector<Listening> listening;
  /// Those whose handlers began.
  CallCounts calls;
  std::vector<ConnectionInfo> connections;
  /// Calls whose handlers run now, and HTTP requests that are answered now. Empty with Inspect::kCounts.
  std::vector<RunningCall> running;
};

struct StopOptions {
  /// How long running calls may go on, after `delay`.
  std::chrono::nanoseconds grace = std::chrono::nanoseconds::zero();
  /// How long the server still accepts connections and calls, as if it were not stopping. Load balancers need this time
  /// to see NOT_SERVING (HealthService::shut_down() before the stop) and to send their clients elsewhere.
  std::chrono::nanoseconds delay = std::chrono::nanoseconds::zero();
  /// How long an idle HTTP/1.1 connection stays open for one more request, within the grace; its response then closes
  /// the connection. HTTP/1.1 has no GOAWAY: a request that is on its way when the server closes its connection fails.
  /// 0 closes idle connections at once.
  std::chrono::nanoseconds http1_idle = std::chrono::nanoseconds::zero();
};

/// Made, used and destroyed on one loop. Serves on that loop and on the loops that were started together with it
/// (run()). Members that other loops may call say so; the others throw std::logic_error there.
class Server {
 public:
  /// On the loop that runs now; throws std::logic_error outside of one, std::invalid_argument for an option whose value
  /// makes no sense.
  explicit Server(ServerOptions options = {});
  /// On an io_context of the program's own (docs/embedding.md), also before that runs; later on its thread only. Serves
  /// on it, or on all of its ContextGroup.
  explicit Server(boost::asio::io_context& context, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Without stop() before: connections are closed, handlers destroyed where they stand; see stop(). It blocks until
  /// the other loops have done their part, so that two servers may not be destroyed like this at once, each by a loop
  /// that the other one serves on. After stop() it does not block.
  ~Server();

  /// Before listen(); `service` must outlive the server, or its stop(). Throws std::invalid_argument when one of this
  /// name is there.
  void add_service(Service& service);

  /// Of all services that were added, in alphabetical order.
  [[nodiscard]] std::vector<std::string> service_names() const;

  /// Before listen(); the first one added is outermost. `interceptor` must outlive the server.
  void add_interceptor(ServerInterceptor& interceptor);

  /// Before listen(). `observer` must outlive the server.
  void add_observer(ServerObserver& observer);

  /// Calls of methods that no service has go to this one, which must outlive the server. Before listen(), and once.
  void set_generic_service(GenericService& service);

  /// Listens and serves from the next turn on. "[::]:50051", "127.0.0.1:0", "unix:/path", "fd:3" (a listening socket
  /// that the server takes over: systemd's first, or one that was opened before a fork). Returns the port (0 for unix).
  /// Throws std::invalid_argument for what is no address, std::runtime_error when the address cannot be had.
  std::uint16_t listen(std::string_view address, ListenOptions options = {});
  /// A duplicate of each socket that listen() has opened or inherited, under its name: for hand_over(). Empty after
  /// stop(). Throws std::runtime_error when the process has no more descriptors.
  [[nodiscard]] std::vector<ListeningSocket> listening_sockets() const;
  /// Serves one connected stream socket, which the server takes over: one end of a socketpair(), say. Throws
  /// std::runtime_error for what is none.
  void serve_socket(int descriptor, ServerTls* tls = nullptr);

  /// Serves the channels that are connected through `in_process`, which must outlive the server.
  void listen(InProcess& in_process);

  /// Serves until `event` has ended, then stops. `event` may give anything; its exception is passed on after stopping.
  template <class T>
  Task<void> serve_until(Task<T> event, StopOptions stop_options = {});

  /// Waits until somebody has stopped it.
  Task<void> wait_for_termination();

  /// Ends in phases: it serves on for the delay; no new calls (GOAWAY); running ones finish within the grace; then
  /// their handlers are cancelled; then connections are closed and handlers that did not heed it destroyed, save those
  /// that block a thread: these the destructor waits for (ServerOptions::blocked_handlers_timeout). Always returns. It
  /// goes on when whoever awaits it is cancelled; a second call waits for the same end, which a shorter delay and grace
  /// bring nearer.
  Task<void> stop(StopOptions options = {});

  /// Asks all its loops. On any loop; the server may end meanwhile.
  Task<ServerInfo> inspect(Inspect what = Inspect::kCalls) const;
  /// Returns a function that does the same, on any loop, and that may outlive the server: it then finds no connections.
  [[nodiscard]] std::function<Task<ServerInfo>()> inspector(Inspect what = Inspect::kCalls) const;
  [[nodiscard]] std::uint64_t id() const noexcept;

  /// Calls whose handlers run now, on all loops.
  [[nodiscard]] std::size_t calls_in_flight() const noexcept;

 private:
  class Core;
  /// Throws std::invalid_argument for options that make no sense, and logs when nothing is served.
  void check_serving(const StopOptions& options) const;

  std::unique_ptr<Core> core_;
};

template <class T>
Task<void> Server::serve_until(Task<T> event, StopOptions stop_options) {
  check_serving(stop_options);
  std::exception_ptr error;
  try {
    co_await std::move(event);
  } catch (...) {
    error = std::current_exception();
  }
  co_await stop(stop_options);
  if (error) std::rethrow_exception(error);
}

}  // namespace tern
