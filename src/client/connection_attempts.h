// ConnectionAttempts: tries a server's addresses as Connecting says, until one of them has shaken hands and greeted.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/connecting.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/timer_queue.h"
#include "transport/address.h"

namespace tern {

class ChannelConnections;
class ClientConnection;

/// Lives on one loop. Destroyed before the end, it gives up what it has begun.
class ConnectionAttempts final : private Job, private Timer {
 public:
  /// Called once, in a later turn: with the connection that has greeted, or null and the reason. It may destroy this
  /// object.
  using Done = std::function<void(ClientConnection* connection, const std::string& failure)>;

  /// Hosts that are names are looked up first. `channel` outlives it. `addresses` is not empty.
  ConnectionAttempts(ChannelConnections& channel, std::vector<transport::Address> addresses, Done done);
  ConnectionAttempts(const ConnectionAttempts&) = delete;
  ConnectionAttempts& operator=(const ConnectionAttempts&) = delete;
  ~ConnectionAttempts() override;

 private:
  class Attempt;
  Task<void> look_up();
  void finished(std::exception_ptr error) override;
  void expired() noexcept override;
  void follow(Connecting::Step step);
  void succeeded(Attempt& attempt);
  void failed(const std::string& why);
  void end(ClientConnection* connection);

  ChannelConnections& channel_;
  std::vector<transport::Address> addresses_;
  Done done_;
  std::optional<Connecting> connecting_;  // once the addresses are known
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::string failures_;
};

}  // namespace tern
