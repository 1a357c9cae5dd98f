// InheritedSockets: the listening sockets that a program is started with: by systemd (socket activation,
// sd_listen_fds(3)) or by the process that it replaces (hand_over()). Connections that wait in them are served, not
// lost.
//
//   auto inherited = tern::InheritedSockets::from_environment({"grpc", "rest"});
//   server.listen("[::]:50051", {.name = "grpc", .inherited = &inherited});   // the inherited one, or else this
//   address co_await inherited.confirm();                                             // it serves: the other process
//   may end
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/transport/listening_socket.h"

namespace tern {

/// Destroyed without confirm(), it tells the process before this one that the restart failed. May be moved to another
/// thread; used by one at a time.
class TERN_API InheritedSockets {
 public:
  /// None.
  InheritedSockets();
  InheritedSockets(InheritedSockets&& other) noexcept;
  InheritedSockets& operator=(InheritedSockets&& other) noexcept;
  /// Closes the sockets that were not taken.
  ~InheritedSockets();

  /// Takes the sockets that the environment names, and removes LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES and
  /// TERN_HANDOVER_FD from it, so that programs that this one starts do not take them too. It changes the environment:
  /// call it before there are other threads. `names` are the program's names of its listening sockets. systemd's
  /// sockets have these names by FileDescriptorName=; where none has, they get the names in their order. Throws
  /// std::runtime_error that names the wrong variable or socket.
  static InheritedSockets from_environment(std::initializer_list<std::string_view> names);

  /// True if this process replaces another one, which waits for confirm().
  [[nodiscard]] bool from_restart() const noexcept;

  /// Takes the sockets of this name: none, one, or one for each address of a host's name. Server::listen() calls it.
  [[nodiscard]] std::vector<ListeningSocket> take(std::string_view name);

  /// Tells the process before this one that this one serves, and waits until it no longer is the main process; it then
  /// accepts no more and drains. Sockets that were not taken are closed, with a warning: clients that connect to them
  /// fail. Returns at once in a process that replaces no other one. Logs a warning and returns when the other process
  /// has ended, or has not answered within ten seconds: this one serves in any case. On a loop.
  [[nodiscard]] Task<void> confirm();

 private:
  struct State;
  explicit InheritedSockets(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tern
