// HealthWatch: asks a server whether it serves, over the connection that calls would take, for as long as that lasts
// (grpc/doc/health-checking.md, A17 of gRPC's proposals). It knows grpc.health.v1's messages by their field numbers
// only: clients need not link the service.
#pragma once

#include <exception>
#include <functional>
#include <string>

#include "client/channel_connections.h"
#include "tern/async/job.h"
#include "tern/async/task.h"

namespace tern {

class HealthWatch final : private Job {
 public:
  /// Called with whether calls may go to the server, and why not, at each news.
  using Told = std::function<void(bool serving, const std::string& why_not)>;

  /// `channel` outlives it; `connection` is alive until stop().
  HealthWatch(ChannelConnections& channel, ClientConnection& connection, std::string service, Told told);
  /// Nothing is told any more. It may be destroyed in a later turn, not from inside `told`.
  void stop() noexcept;

 private:
  class Call;
  Task<void> watch();
  void tell(bool serving, const std::string& why_not);
  void finished(std::exception_ptr /*error*/) override {}

  ChannelConnections& channel_;
  ClientConnection& connection_;
  std::string service_;
  Told told_;
};

}  // namespace tern
