// hand_over(): starts the program that replaces this one and gives it the listening sockets (SCM_RIGHTS), so that a
// restart loses no call: both processes have the very same sockets, with the connections that wait in them.
//
//   this process                              the new one
//   starts it, with the sockets        -->    InheritedSockets::from_environment()
//   goes on serving                           opens its database, listens ...
//   no longer the main process         <--    InheritedSockets::confirm()
//   Server::stop(): accepts no more,   -->    serves alone
//   sends GOAWAY, finishes its calls
//
// A new process that cannot be started, ends, or does not confirm in time changes nothing here.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/server/service_manager.h"
#include "tern/transport/listening_socket.h"

namespace tern {

/// The program's and arguments' texts and the manager must outlive hand_over().
struct HandoverOptions {
  /// The file to execute. Empty: this program's file as it is on the disk now. That is argv[0] when it has a slash (a
  /// link is followed anew), else the file that this process runs.
  std::string_view program = {};
  /// Its arguments, the program's name first. Empty: this process's own.
  std::span<const std::string> arguments = {};
  /// A new process that has not confirmed by then is killed.
  std::chrono::nanoseconds timeout = std::chrono::seconds{60};
  /// hand_over() names the new main process to it. Null: to nobody.
  const ServiceManager* service_manager = nullptr;
};

/// Returns the process ID of the new process, which serves; the caller then stops its server. From then on files of
/// unix sockets are the new process's to remove. Throws std::runtime_error that says why the new process does not
/// serve; it then has ended, and this process serves on. Cancelled, it kills the new process. On a loop. `sockets` are
/// Server::listening_sockets(), of several servers when there are several.
[[nodiscard]] TERN_API Task<int> hand_over(std::vector<ListeningSocket> sockets, HandoverOptions options = {});

}  // namespace tern
