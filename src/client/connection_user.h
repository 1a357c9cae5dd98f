// The two that a client's connection notifies, besides the calls on it: its user, a server's Subchannel, and its owner,
// which made it.
#pragma once

#include <chrono>
#include <string>

namespace tern {

class Balancer;
class ClientConnection;
class Loop;
struct ChannelOptions;
namespace http2 {
struct Settings;
}

/// Sends its calls over the connection.
class ConnectionUser {
 public:
  /// It takes no more calls (GOAWAY), or is lost: then it is destroyed afterwards.
  virtual void connection_left(ClientConnection& connection) = 0;
  /// It has had nothing to do for long.
  virtual void connection_idle(ClientConnection& connection) = 0;
  /// One of its streams has become free, after all were taken (SETTINGS_MAX_CONCURRENT_STREAMS).
  virtual void connection_has_room(ClientConnection& connection) = 0;

 protected:
  ~ConnectionUser() = default;
};

/// Says what connections of this channel, on this loop, are like. Outlives them.
class ConnectionOwner {
 public:
  [[nodiscard]] virtual Loop& loop() const noexcept = 0;
  [[nodiscard]] virtual const ChannelOptions& options() const noexcept = 0;
  [[nodiscard]] virtual const http2::Settings& settings() const noexcept = 0;
  /// How often a silent server is asked whether it is still there.
  [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> keepalive_time() const noexcept = 0;
  /// `peer` says that it is too often.
  virtual void too_many_pings(const std::string& peer) = 0;
  /// Hears how calls end; null: nobody.
  [[nodiscard]] virtual Balancer* balancer() const noexcept = 0;
  /// It is lost: destroys it.
  virtual void remove(ClientConnection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

}  // namespace tern
