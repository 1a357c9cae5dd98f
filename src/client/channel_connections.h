// ChannelConnections: a channel's connections on one loop: what each of them is made with; owns them until they are
// lost.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/channel_config.h"
#include "client/client_connection.h"
#include "client/connection_user.h"
#include "http2/defaults.h"
#include "tern/detail/intrusive_list.h"
#include "transport/byte_stream.h"

namespace tern {

class ChannelConnections final : private ConnectionOwner {
 public:
  /// `balancer` hears how calls end; may be null. It outlives this.
  ChannelConnections(Loop& loop, std::shared_ptr<const ChannelConfig> config, Balancer* balancer);
  ChannelConnections(const ChannelConnections&) = delete;
  ChannelConnections& operator=(const ChannelConnections&) = delete;
  ~ChannelConnections();

  [[nodiscard]] Loop& loop() const noexcept override { return loop_; }
  [[nodiscard]] const ChannelConfig& config() const noexcept { return *config_; }
  [[nodiscard]] const ChannelOptions& options() const noexcept override { return config_->options(); }

  /// Begins to speak HTTP/2 over `stream`.
  ClientConnection& add(std::unique_ptr<transport::ByteStream> stream, ConnectionUser& user);
  void add_running(std::vector<RunningCall>& calls) {
    connections_.for_each([&calls](ClientConnection& connection) { connection.add_running(calls); });
  }
  /// Ends them all.
  void say_goodbye();

 private:
  template <class Folder>
  friend struct DebugLayout;
  [[nodiscard]] const http2::Settings& settings() const noexcept override { return settings_; }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> keepalive_time() const noexcept override {
    return keepalive_time_;
  }
  void too_many_pings(const std::string& peer) override;
  [[nodiscard]] Balancer* balancer() const noexcept override { return balancer_; }
  void remove(ClientConnection& connection) override { delete &connection; }

  Loop& loop_;
  std::shared_ptr<const ChannelConfig> config_;
  Balancer* balancer_;
  http2::Settings settings_;
  std::optional<std::chrono::nanoseconds> keepalive_time_;
  IntrusiveList<ClientConnection> connections_;
};

}  // namespace tern
