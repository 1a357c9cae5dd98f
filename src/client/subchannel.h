// Subchannel: one server of a channel, on one loop: an address (or several, tried in order), the connection to it, and
// when to try again.
//
//   idle --connect()--> connecting --greeted--> ready --lost or GOAWAY--> idle
//    ^                      \--failed--> transient failure --backoff passed--,
//    '-----------------------------------------------------------------------'
//
// Where the service config has the server's health watched, it is ready, and in transient failure, as the server says.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "client/backoff.h"
#include "client/client_connection.h"
#include "tern/async/timer_queue.h"
#include "tern/client/channel.h"
#include "tern/client/connectivity_state.h"
#include "tern/rpc/status.h"
#include "transport/address.h"
#include "transport/entity_id.h"

namespace tern {

class ChannelLoop;
class HealthWatch;

class Subchannel final : private Timer {
 public:
  Subchannel(ChannelLoop& owner, std::vector<transport::Address> addresses);
  Subchannel(const Subchannel&) = delete;
  Subchannel& operator=(const Subchannel&) = delete;
  ~Subchannel();
  /// Of no use any more, and soon destroyed: connects no longer; its connection finishes the calls that it carries.
  void retire();

  [[nodiscard]] const std::vector<transport::Address>& addresses() const noexcept { return addresses_; }
  /// Of the addresses, for people and pickers.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] ConnectivityState state() const noexcept { return state_; }
  /// Takes calls; null when there is none.
  [[nodiscard]] ClientConnection* connection() const noexcept;
  /// Why there is none.
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }

  [[nodiscard]] SubchannelInfo info() const;

  /// Idle because nobody called for long.
  [[nodiscard]] bool resting() const noexcept { return resting_; }
  /// From idle only.
  void connect();
  /// Ends the waiting between attempts.
  void reset_backoff();
  /// Its connection has had nothing to do for long: closes it, until the next call.
  void rest();
  /// Its connection takes no more calls, or is lost.
  void connection_left(ClientConnection& connection);

 private:
  class Attempt;
  Task<void> attempt();
  void watch_health(const std::string& service);
  void health_told(bool serving, const std::string& why_not);
  void stop_watching() noexcept;
  void attempt_ended(const std::exception_ptr& error);
  void expired() noexcept override;
  void become(ConnectivityState state);

  ChannelLoop& owner_;
  std::uint64_t id_ = transport::next_entity_id();
  std::vector<transport::Address> addresses_;
  std::string name_;
  ConnectivityState state_ = ConnectivityState::kIdle;
  bool retired_ = false;
  bool resting_ = false;
  bool serving_ = true;
  Status failure_;
  Backoff backoff_;
  Clock::time_point attempt_began_;
  ClientConnection* connection_ = nullptr;
  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<HealthWatch> watch_;
};

}  // namespace tern
