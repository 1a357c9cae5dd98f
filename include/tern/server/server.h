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

#include "tern/api.h"
#include "tern/async/awaitable.h"
#include "tern/async/task.h"
#include "tern/call/running_call.h"
#include "tern/rpc/compression.h"
#include "tern/server/generic_service.h"
#include "tern/server/inherited_sockets.h"
#include "tern/server/interceptor.h"
#include "tern/server/observer.h"
#include "tern/server/server_options.h"
#include "tern/server/service.h"
#include "tern/transport/in_process.h"
#include "tern/transport/listening_socket.h"
#include "tern/transport/tls.h"
#include "tern/transport/traffic.h"

namespace boost::asio {
class io_context;
}

namespace tern {

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

/// Made, used and destroyed on one loop. Serves on that loop and on the loops that were started together with it
/// (run()). Members that other loops may call say so; the others throw std::logic_error there.
class TERN_API Server {
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
  /// The server keeps it until the server is destroyed.
  void add_service(std::shared_ptr<Service> service);

  /// Of all services that were added, in alphabetical order.
  [[nodiscard]] std::vector<std::string> service_names() const;

  /// Before listen(); the first one added is outermost. `interceptor` must outlive the server.
  void add_interceptor(ServerInterceptor& interceptor);
  /// The server keeps it until the server is destroyed.
  void add_interceptor(std::shared_ptr<ServerInterceptor> interceptor);

  /// Before listen(). `observer` must outlive the server.
  void add_observer(ServerObserver& observer);
  /// The server keeps it until the server is destroyed.
  void add_observer(std::shared_ptr<ServerObserver> observer);

  /// Calls of methods that no service has go to this one, which must outlive the server. Before listen(), and once.
  void set_generic_service(GenericService& service);

  /// Listens and serves from the next turn on. "[::]:50051", "127.0.0.1:0", "unix:/path", "fd:3" (a listening socket
  /// that the server takes over: systemd's first, or one that was opened before a fork). Returns the port (0 for unix).
  /// Throws std::invalid_argument for what is no address, std::runtime_error when the address cannot be had.
  std::uint16_t listen(std::string_view address, const ListenOptions& options = {});
  /// A duplicate of each socket that listen() has opened or inherited, under its name: for hand_over(). Empty after
  /// stop(). Throws std::runtime_error when the process has no more descriptors.
  [[nodiscard]] std::vector<ListeningSocket> listening_sockets() const;
  /// Serves one connected stream socket, which the server takes over: one end of a socketpair(), say. Throws
  /// std::runtime_error for what is none.
  void serve_socket(int descriptor, const detail::SharedOrBorrowed<ServerTls>& tls = nullptr);

  /// Serves the channels that are connected through `in_process`, which must outlive the server.
  void listen(InProcess& in_process);

  /// Serves until `event` has ended, then stops. `event` may give anything; its exception is passed on after stopping.
  template <Awaitable A>
  Task<void> serve_until(A event, StopOptions stop_options = {});

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

template <Awaitable A>
Task<void> Server::serve_until(A event, StopOptions stop_options) {
  check_serving(stop_options);
  std::exception_ptr error;
  try {
    // g++ 12 copies an awaiter that a function returns by reference, and not one that has a name.
    auto&& awaiter = detail::awaiter_of(detail::operand_of(event));
    static_cast<void>(co_await awaiter);
  } catch (...) {
    error = std::current_exception();
  }
  co_await stop(stop_options);
  if (error) std::rethrow_exception(error);
}

}  // namespace tern
