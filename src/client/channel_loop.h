// ChannelLoop: a channel's part on one loop: who its servers are (resolving), how it stands with each (subchannels),
// and which of them gets a call (balancing).
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/backoff.h"
#include "client/client_connection.h"
#include "client/service_config.h"
#include "client/subchannel.h"
#include "client/target.h"
#include "http2/defaults.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/client/channel.h"
#include "tern/client/connection_waiter.h"
#include "tern/client/picker.h"
#include "tern/client/resolver.h"

namespace tern {

class ChannelCore;

class ChannelLoop final : private Timer {
 public:
  ChannelLoop(Loop& loop, const ChannelCore& core);
  ChannelLoop(const ChannelLoop&) = delete;
  ChannelLoop& operator=(const ChannelLoop&) = delete;
  ~ChannelLoop();

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] const ChannelCore& core() const noexcept { return core_; }
  [[nodiscard]] const ChannelOptions& options() const noexcept { return options_; }
  [[nodiscard]] const http2::Settings& settings() const noexcept { return settings_; }
  /// The name that a server's certificate must have.
  [[nodiscard]] const std::string& tls_name() const noexcept;
  [[nodiscard]] const std::shared_ptr<const ServiceConfig>& service_config() const noexcept { return service_config_; }
  [[nodiscard]] RetryThrottle& throttle() noexcept { return throttle_; }
  /// The service whose health decides whether a server gets calls; null: none. Only where calls are spread: pick_first
  /// has no other server to turn to (A17).
  [[nodiscard]] const std::string* health_service() const noexcept {
    return spreads() && service_config_->health_service ? &*service_config_->health_service : nullptr;
  }

  /// The connection for a call; null when there is none now.
  [[nodiscard]] ClientConnection* pick(std::string_view method, const Metadata& metadata);
  /// Connects, if nobody does yet, and tells `waiter` when there is a connection, or when there will be none.
  void wait_for_connection(ConnectionWaiter& waiter);

  [[nodiscard]] ConnectivityState state() const noexcept { return state_; }
  void connect();
  void reset_backoff();
  /// Why it is in transient failure.
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }
  /// Set at the next change of state.
  [[nodiscard]] const std::shared_ptr<Event>& changed() const noexcept { return changed_; }

  [[nodiscard]] CallCounts& calls() noexcept { return calls_; }
  [[nodiscard]] ChannelInfo info() const;

  /// Ends every connection and call.
  void close();

  /// How often servers are asked whether they are still there; doubled when one says that it is too often.
  [[nodiscard]] std::chrono::nanoseconds keepalive_time() const noexcept { return keepalive_time_; }
  void too_many_pings(const std::string& peer);

  /// For subchannels and connections.
  ClientConnection& add_connection(std::unique_ptr<transport::ByteStream> stream, Subchannel& subchannel);
  void subchannel_changed(Subchannel& subchannel);
  void remove(ClientConnection& connection);

 private:
  class Resolving;
  /// Whether the servers' addresses have to be found, rather than stand in the target.
  [[nodiscard]] bool looks_up() const noexcept;
  void resolve();
  Task<void> look_up();
  void resolving_ended(const std::exception_ptr& error);
  void use(const std::vector<transport::Address>& addresses);
  void use(std::shared_ptr<const ServiceConfig> config);
  template <class Visit>
  void for_each_subchannel(Visit visit);
  void retire_subchannels();
  [[nodiscard]] bool spreads() const noexcept;
  [[nodiscard]] ConnectivityState state_of_all() const noexcept;
  void connect_idle();
  void update();
  void settle_waiting();
  void expired() noexcept override;

  Loop& loop_;
  const ChannelCore& core_;
  const ChannelOptions& options_;
  http2::Settings settings_;
  std::shared_ptr<const ServiceConfig> service_config_;
  RetryThrottle throttle_;
  ConnectivityState state_ = ConnectivityState::kIdle;
  std::shared_ptr<Event> changed_ = std::make_shared<Event>();
  Status failure_;
  std::chrono::nanoseconds keepalive_time_;

  std::unique_ptr<Resolving> resolving_;
  bool resolved_ = false;
  bool resolving_failed_ = false;
  Backoff resolving_backoff_;
  Clock::time_point resolved_at_;
  std::optional<Resolution> found_;

  std::vector<std::unique_ptr<Subchannel>> subchannels_;
  std::vector<std::unique_ptr<Subchannel>> retired_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is posted
  std::size_t next_ = 0;                                        // round_robin's
  std::vector<Subchannel*> ready_;                              // scratch of pick()
  std::vector<PickerCandidate> candidates_;                     // likewise
  CallCounts calls_;
  IntrusiveList<ConnectionWaiter> waiting_;
  IntrusiveList<ClientConnection> connections_;
};

}  // namespace tern
