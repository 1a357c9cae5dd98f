// ServerConnection: one client's connection and the calls that it carries.
#pragma once

#include <memory>
#include <string>

#include "tern/async/intrusive_list.h"
#include "tern/server/server_call.h"
#include "transport/connection.h"

namespace tern {

class ServerLoop;

/// Owned by its ServerLoop; leaves it when the connection is lost and the last handler has ended.
class ServerConnection final : public ListNode<ServerConnection>, private transport::ConnectionEvents {
 public:
  ServerConnection(ServerLoop& owner, std::unique_ptr<transport::ByteStream> stream);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection();

  void start() { connection_.start(); }
  /// No new calls; the connection ends after those that run.
  void send_away();
  void cancel_calls();

  [[nodiscard]] ServerLoop& owner() const noexcept { return owner_; }
  [[nodiscard]] const std::string& peer() const noexcept { return connection_.peer(); }
  [[nodiscard]] const PeerIdentity& identity() const noexcept { return connection_.identity(); }
  void call_over(ServerCall& call);

 private:
  http2::Stream* on_stream_opened() override;
  void on_ping_answered() override;
  void on_lost(const std::string& reason) override;

  ServerLoop& owner_;
  IntrusiveList<ServerCall> calls_;
  bool lost_ = false;
  bool sent_away_ = false;
  transport::Connection connection_;
};

}  // namespace tern
