// ChannelConfig: a channel's target and options. Does not change after the first call, and is shared by all
// of the channel's parts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/service_config.h"
#include "client/target.h"
#include "tern/client/channel_options.h"
#include "transport/peer_name.h"

namespace tern {

class ClientInterceptor;
class ClientObserver;

class ChannelConfig {
 public:
  /// Throws std::invalid_argument for a target, authority, server name or service config that cannot be used.
  ChannelConfig(std::string target, ChannelOptions options);

  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  [[nodiscard]] const ChannelOptions& options() const noexcept { return options_; }
  /// True with TLS.
  [[nodiscard]] bool secure() const noexcept { return options_.tls != nullptr; }
  /// The value of ":authority".
  [[nodiscard]] const std::string& authority() const noexcept { return addresses_.authority; }
  /// The name that servers' certificates must have; nothing in plaintext.
  [[nodiscard]] const std::optional<transport::PeerName>& server_name() const noexcept { return server_name_; }
  /// Whether the servers' addresses have to be found, rather than stand in the target.
  [[nodiscard]] bool looks_up() const noexcept {
    return options_.in_process == nullptr && (options_.resolver != nullptr || addresses_.by_dns);
  }
  [[nodiscard]] const Target& target_addresses() const noexcept { return addresses_; }
  [[nodiscard]] const std::shared_ptr<const ServiceConfig>& service_config() const noexcept { return service_config_; }

  /// Before the first call.
  void add_interceptor(ClientInterceptor& interceptor) { interceptors_.push_back(&interceptor); }
  void add_observer(ClientObserver& observer) { observers_.push_back(&observer); }
  /// Keeps a shared one of them.
  void keep(std::shared_ptr<const void> shared) { kept_.push_back(std::move(shared)); }
  [[nodiscard]] const std::vector<ClientInterceptor*>& interceptors() const noexcept { return interceptors_; }
  [[nodiscard]] const std::vector<ClientObserver*>& observers() const noexcept { return observers_; }

 private:
  std::string target_;
  ChannelOptions options_;
  Target addresses_;
  std::optional<transport::PeerName> server_name_;
  std::shared_ptr<const ServiceConfig> service_config_;
  std::vector<ClientInterceptor*> interceptors_;
  std::vector<ClientObserver*> observers_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace tern
