// Subchannel: one server of a channel, on one loop: its addresses, the connections to it, and when to try again.
//
//   idle --connect()--> connecting --greeted--> ready --the last one lost or GOAWAY--> idle
//    ^                      \--failed--> transient failure --backoff passed--,
//    '-----------------------------------------------------------------------'
//
// Where the service config has the server's health watched, it is ready, and in transient failure, as the server says.
//
// A call that finds all streams taken (SETTINGS_MAX_CONCURRENT_STREAMS) waits here for one, and has another connection
// opened beside the others (gRFC A105), one after the other, up to SubchannelOwner::max_connections. Calls take the
// oldest connection that has a stream, so that those of a peak have nothing to do after it, and are closed as idle.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/backoff.h"
#include "client/channel_connections.h"
#include "client/connection_attempts.h"
#include "client/connection_waiter.h"
#include "tern/client/channel_info.h"
#include "tern/client/connectivity_state.h"
#include "tern/client/server_attributes.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/status.h"
#include "transport/address.h"
#include "transport/entity_id.h"

namespace tern {

class HealthWatch;
class Subchannel;

class SubchannelOwner {
 public:
  /// Its state, or why it has failed, is another one. It may be retired in it.
  virtual void subchannel_changed(Subchannel& subchannel) = 0;
  /// It is ready no longer: `waiters` need a server anew.
  virtual void take_back(IntrusiveList<ConnectionWaiter>& waiters) = 0;
  /// The service whose health decides whether the server gets calls; null: none.
  [[nodiscard]] virtual const std::string* health_service() const noexcept = 0;
  /// At least one.
  [[nodiscard]] virtual std::size_t max_connections() const noexcept = 0;

 protected:
  ~SubchannelOwner() = default;
};

/// A server as it was found; the first of its addresses that answers is used.
struct SubchannelServer {
  std::vector<transport::Address> addresses;
  ServerAttributes attributes;
};

class Subchannel final : private Timer, private ConnectionUser {
 public:
  /// `owner` and `all` outlive it.
  Subchannel(SubchannelOwner& owner, ChannelConnections& all, SubchannelServer server);
  Subchannel(const Subchannel&) = delete;
  Subchannel& operator=(const Subchannel&) = delete;
  ~Subchannel();
  /// Of no use any more, and soon destroyed: connects no longer; its connections finish the calls that they carry.
  void retire();

  [[nodiscard]] const std::vector<transport::Address>& addresses() const noexcept { return server_.addresses; }
  /// Another resolution may have others for the same addresses.
  void set_attributes(ServerAttributes attributes) { server_.attributes = std::move(attributes); }
  /// As a balancer sees it.
  [[nodiscard]] BalancedServer balanced() const noexcept;
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] ConnectivityState state() const noexcept { return state_; }
  /// The reason for having no connection.
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }
  [[nodiscard]] std::size_t calls_in_flight() const noexcept;
  [[nodiscard]] SubchannelInfo info() const;
  /// The calls that wait for a stream.
  void add_waiting(std::vector<RunningCall>& calls) {
    waiting_.for_each([&calls](const ConnectionWaiter& waiter) { waiter.add_running(calls); });
  }

  /// The connection for a call. Null when no stream is free: `waiter` is then notified of one, in a later turn. Called
  /// when ready only.
  [[nodiscard]] ClientConnection* connection_for(ConnectionWaiter& waiter);

  /// Idle because nobody called for long.
  [[nodiscard]] bool resting() const noexcept { return resting_; }
  /// From idle only.
  void connect();
  /// Ends the waiting between attempts.
  void reset_backoff();

 private:
  template <class Folder>
  friend struct DebugLayout;
  void connection_left(ClientConnection& connection) override;
  /// Closes it, until the next call needs it.
  void connection_idle(ClientConnection& connection) override;
  void connection_has_room(ClientConnection& /*connection*/) override { serve_waiting(); }
  [[nodiscard]] ClientConnection* with_room() const noexcept;
  void serve_waiting();
  void attempt();
  void attempt_another();
  void attempts_ended(ClientConnection* connection, const std::string& failure);
  void watch_health();
  void health_told(bool serving, const std::string& why_not);
  void stop_watching() noexcept;
  void expired() noexcept override;
  void become(ConnectivityState state);

  SubchannelOwner& owner_;
  ChannelConnections& all_;
  std::uint64_t id_ = transport::next_entity_id();
  SubchannelServer server_;
  std::string name_;
  ConnectivityState state_ = ConnectivityState::kIdle;
  bool resting_ = false;
  Status failure_;
  Backoff backoff_;
  Clock::time_point attempt_began_;
  std::unique_ptr<ConnectionAttempts> attempts_;
  std::vector<ClientConnection*> connections_;         // that take calls, the oldest first
  IntrusiveList<ConnectionWaiter> waiting_;            // for a stream
  std::vector<std::unique_ptr<HealthWatch>> watches_;  // the last one is the first connection's; others have stopped
};

}  // namespace tern
