// ProcessEnd: how the program's time ends: by SIGINT or SIGTERM, or, on SIGUSR2, by a new process that takes its
// sockets over.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <string>

#include "tern/async.h"
#include "tern/server/server.h"
#include "tern/server/service_manager.h"

namespace userchat {

class ProcessEnd {
 public:
  enum class Reason { kStopped, kReplaced };

  /// The signals are caught from now until this object is destroyed: the program then ends by itself, and no signal
  /// hurries it. On a loop. `manager` outlives it.
  ProcessEnd(const tern::ServiceManager& manager, std::chrono::nanoseconds restart_timeout);

  /// Waits for the end. Each SIGUSR2 starts the program's file again; when the new process does not serve, this one
  /// goes on, and the log says why. A signal to stop ends a restart that is under way.
  tern::Task<Reason> wait(const tern::Server& server);

 private:
  tern::Task<void> restart(const tern::Server& server);

  const tern::ServiceManager& manager_;
  std::chrono::nanoseconds restart_timeout_;
  boost::asio::signal_set stop_signals_;
  boost::asio::signal_set restart_signals_;
};

}  // namespace userchat
