// Discovery: keeps a channel's list of servers, on one loop: reads the target's addresses, asks DNS or a Resolver, when
// Resolving says so.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "client/channel_config.h"
#include "client/resolving.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/client/resolver.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/status.h"
#include "transport/address.h"

namespace tern {

/// One server.
struct FoundServer {
  transport::Address address;
  ServerAttributes attributes;
};

/// Uses the list.
class DiscoveryUser {
 public:
  /// `service_config`: JSON; empty where nothing is said. Throws std::exception when it cannot be used.
  virtual void servers_found(std::vector<FoundServer> servers, std::string_view service_config) = 0;
  /// state() has changed without it.
  virtual void discovery_changed() = 0;

 protected:
  ~DiscoveryUser() = default;
};

class Discovery final : private Timer {
 public:
  /// `config` and `user` outlive it.
  Discovery(Loop& loop, const ChannelConfig& config, DiscoveryUser& user);
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;
  ~Discovery();

  [[nodiscard]] Resolving::State state() const noexcept { return resolving_.state(); }
  /// Why it has failed.
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }

  /// Looks for the servers, if that has not been done; where they stand in the target, the user is notified before this
  /// returns.
  void need();
  void servers_lost();
  void reset_backoff();
  /// Whether it looks again from time to time without cause.
  void keep_looking(bool look);
  /// Ends it for ever.
  void stop();

 private:
  class LookUp;
  void follow(const Resolving::Step& step);
  Task<void> look_up();
  void use(std::vector<FoundServer> servers, std::string_view service_config);
  void ended(const std::exception_ptr& error);
  void expired() noexcept override;

  Loop& loop_;
  const ChannelConfig& config_;
  DiscoveryUser& user_;
  Resolving resolving_;
  Status failure_;
  std::unique_ptr<LookUp> look_up_;
  std::minstd_rand random_{std::random_device{}()};
  bool stopped_ = false;
};

}  // namespace tern
