// ClientConnection: one connection of a channel. The mirror of ServerConnection.
#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "http2/stream.h"
#include "tern/async/event.h"
#include "tern/async/job.h"
#include "tern/call/running_call.h"
#include "tern/client/balancer.h"
#include "tern/detail/intrusive_list.h"
#include "tern/rpc/status.h"
#include "transport/connection.h"

namespace tern {

class ConnectionOwner;
class ConnectionUser;

/// Owned by its channel's part on the loop; leaves it when it is lost.
class ClientConnection final : public ListNode<ClientConnection>, private transport::ConnectionEvents, private Ready {
 public:
  ClientConnection(ConnectionOwner& owner, std::unique_ptr<transport::ByteStream> stream, ConnectionUser& user);

  void start();
  /// Notifies `user` from now on; null: nobody. `server`: whose connection it is, for the balancer.
  void use_for(ConnectionUser* user, std::uint64_t server = 0) noexcept {
    user_ = user;
    server_ = server;
  }
  /// The server's first settings have arrived, or the connection is lost. Outlives the connection.
  [[nodiscard]] std::shared_ptr<Event> greeted() const noexcept { return greeted_; }
  /// Takes new calls.
  [[nodiscard]] bool usable() const noexcept { return greeted_->is_set() && !leaving_ && !connection_.closed(); }

  /// The server allows another stream now (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 §6.5.2).
  [[nodiscard]] bool has_room() const noexcept { return connection_.session().has_room(); }

  /// Opens a stream, which waits in the session while has_room() is false. Returns false when this connection takes no
  /// more streams; its user has then been notified.
  bool open(http2::Stream& stream, std::span<const http2::HeaderField> request);

  /// Whether somebody wants to hear how calls end.
  [[nodiscard]] bool hears_ends() const noexcept { return balancer_ != nullptr; }
  /// Tells how one that open() accepted has ended. Exactly once for each, where hears_ends().
  void attempt_ended(const BalancedCallEnd& end) noexcept;

  void say_goodbye() { connection_.say_goodbye(); }
  /// Takes no new calls, and ends after those that it carries.
  void retire();
  /// The users' own, without the one that is carried in the background.
  [[nodiscard]] std::size_t calls() const noexcept {
    return connection_.session().open_streams() - (background_ != nullptr && background_->open() ? 1 : 0);
  }
  /// `stream`, which is open, is none of the users'; null when it is closed.
  void carry_in_background(const http2::Stream* stream) noexcept {
    assert(stream == nullptr || (stream->open() && background_ == nullptr));
    background_ = stream;
  }
  [[nodiscard]] bool lost() const noexcept { return connection_.closed(); }
  [[nodiscard]] const std::string& reason() const noexcept { return connection_.reason(); }
  [[nodiscard]] ConnectionInfo info() const { return connection_.info(); }
  /// The running calls that it carries.
  void add_running(std::vector<RunningCall>& calls);
  [[nodiscard]] const std::string& peer() const noexcept { return connection_.peer(); }
  /// Returns what a call's end by this code means ("HTTP/2 Error Codes" of gRPC over HTTP/2). CANCEL at or after the
  /// call's deadline means that the server saw the deadline first.
  [[nodiscard]] Status status_of_close(http2::ErrorCode code,
                                       std::optional<Clock::time_point> deadline = std::nullopt) const;
  /// Returns the longest header block that the server accepts, in bytes (Session::peer_header_limit).
  [[nodiscard]] std::size_t peer_header_limit() const noexcept { return connection_.session().peer_header_limit(); }

 private:
  template <class Folder>
  friend struct DebugLayout;
  void on_settings() override { greeted_->set(); }
  void on_go_away(http2::ErrorCode code, std::string_view debug_data) override;
  void on_lost(const std::string& reason) override;
  void on_room() override;
  void run() override;
  void check_idle();

  ConnectionOwner& owner_;
  ConnectionUser* user_;  // null once it has another connection, or is gone
  Balancer* balancer_;
  std::uint64_t server_ = 0;
  std::shared_ptr<Event> greeted_ = std::make_shared<Event>();
  MemberTimer<ClientConnection, &ClientConnection::check_idle> idle_timer_{*this};
  std::uint64_t calls_seen_ = 0;  // at the last check_idle
  bool leaving_ = false;
  const http2::Stream* background_ = nullptr;
  transport::Connection connection_;
};

}  // namespace tern
