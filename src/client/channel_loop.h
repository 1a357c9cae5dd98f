// ChannelLoop: a channel's part on one loop. It joins what finds its servers (Discovery), how it stands with each of
// them (Subchannel), which of them gets a call (Balancing), and the calls that wait.
//
//   call --connection_for()--> Balancing --> Subchannel --> ClientConnection
//                      \--none: waits--^ told when the channel's state changes
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/balancing.h"
#include "client/channel_config.h"
#include "client/channel_connections.h"
#include "client/connection_waiter.h"
#include "client/discovery.h"
#include "client/service_config.h"
#include "client/subchannel.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/client/channel_info.h"
#include "tern/client/channel_options.h"

namespace tern {

/// How calls end that are made over a closed channel, or over none any more.
Status channel_closed();

class ChannelLoop final : private DiscoveryUser, private SubchannelOwner {
 public:
  /// `calls` outlives it.
  ChannelLoop(Loop& loop, std::shared_ptr<const ChannelConfig> config, CallCounts& calls);
  ChannelLoop(const ChannelLoop&) = delete;
  ChannelLoop& operator=(const ChannelLoop&) = delete;
  ~ChannelLoop();

  [[nodiscard]] Loop& loop() const noexcept { return connections_.loop(); }
  [[nodiscard]] const std::shared_ptr<const ServiceConfig>& service_config() const noexcept { return service_config_; }
  [[nodiscard]] RetryThrottle& throttle() noexcept { return *throttle_; }
  [[nodiscard]] CallCounts& calls() noexcept { return calls_; }

  /// Returns the connection for a call, or null while the channel has none. It then begins to connect, unless it does
  /// so already, and notifies `waiter` of the connection or of the failure. The notification comes after this function
  /// has returned: a program that calls again and again without a pause must leave the loop its turns.
  [[nodiscard]] ClientConnection* connection_for(ConnectionWaiter& waiter);

  [[nodiscard]] ConnectivityState state() const noexcept { return state_; }
  void connect();
  void reset_backoff();
  /// The reason for being in transient failure or shut down.
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }
  /// Set at the next change of state.
  [[nodiscard]] const std::shared_ptr<Event>& changed() const noexcept { return changed_; }
  [[nodiscard]] ChannelInfo info() const;
  [[nodiscard]] std::vector<RunningCall> running_calls();

  /// Ends every connection and call.
  void close();

 private:
  template <class Folder>
  friend struct DebugLayout;

  /// Tells those whose calls fail at once.
  class Fail final : public Ready {
   public:
    explicit Fail(ChannelLoop& owner) noexcept : owner_(owner) {}

   private:
    void run() override;
    ChannelLoop& owner_;
  };

  void servers_found(std::vector<FoundServer> servers, std::string_view service_config) override;
  void discovery_changed() override;
  void subchannel_changed(Subchannel& subchannel) override;
  void take_back(IntrusiveList<ConnectionWaiter>& waiters) override;
  /// Only where calls are spread: pick_first has no other server to turn to (A17).
  [[nodiscard]] const std::string* health_service() const noexcept override;
  [[nodiscard]] std::size_t max_connections() const noexcept override;

  [[nodiscard]] const ChannelOptions& options() const noexcept { return connections_.options(); }
  [[nodiscard]] bool spreads() const noexcept;
  void use_config(std::string_view json);
  template <class Visit>
  void for_each_subchannel(Visit visit);
  void connect_idle();
  void retire_subchannels();
  [[nodiscard]] Subchannel* choose(const ConnectionWaiter& waiter);
  [[nodiscard]] ConnectivityState state_of_all() const noexcept;
  void update();
  void settle_waiting();
  void settle(ConnectionWaiter& waiter);
  /// Its call ends at once, with failure().
  [[nodiscard]] bool fails(const ConnectionWaiter& waiter) const noexcept;

  std::shared_ptr<const ServiceConfig> service_config_;
  std::shared_ptr<RetryThrottle> throttle_;
  CallCounts& calls_;
  ConnectivityState state_ = ConnectivityState::kIdle;
  std::shared_ptr<Event> changed_ = std::make_shared<Event>();
  Status failure_;
  Balancing balancing_;
  ChannelConnections connections_;
  Discovery discovery_;
  std::vector<std::unique_ptr<Subchannel>> subchannels_;
  std::vector<std::unique_ptr<Subchannel>> retired_;            // destroyed in a later turn
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is posted
  IntrusiveList<ConnectionWaiter> waiting_;                     // for a server
  IntrusiveList<ConnectionWaiter> failing_;                     // to be told so
  Fail fail_{*this};
};

}  // namespace tern
