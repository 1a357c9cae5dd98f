// ClientConnection: one connection of a channel. The mirror of ServerConnection.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tern/async/event.h"
#include "tern/async/intrusive_list.h"
#include "tern/async/job.h"
#include "tern/http2/stream.h"
#include "tern/rpc/status.h"
#include "transport/connection.h"

namespace tern {

class ChannelLoop;
class Subchannel;

/// Owned by its ChannelLoop; leaves it when it is lost.
class ClientConnection final : public ListNode<ClientConnection>, private transport::ConnectionEvents {
 public:
  ClientConnection(ChannelLoop& owner, std::unique_ptr<transport::ByteStream> stream, Subchannel* subchannel);

  void start();
  /// The server's first settings have arrived, or the connection is lost. Outlives the connection.
  [[nodiscard]] std::shared_ptr<Event> greeted() const noexcept { return greeted_; }
  /// Takes new calls.
  [[nodiscard]] bool usable() const noexcept { return greeted_->is_set() && !leaving_ && !connection_.closed(); }

  /// Opens a stream; false when this connection takes no more, and its subchannel needs another one.
  bool open(http2::Stream& stream, std::span<const http2::HeaderField> request);

  void say_goodbye() { connection_.say_goodbye(); }
  /// Takes no new calls, and ends after those that it carries.
  void leave_subchannel();
  /// The users' own, without the one that is carried in the background.
  [[nodiscard]] std::size_t calls() const noexcept {
    return connection_.session().open_streams() - (background_ != nullptr && background_->open() ? 1 : 0);
  }
  /// `stream`, which is open, is none of the users'; null when it is closed.
  void carry_in_background(const http2::Stream* stream) noexcept { background_ = stream; }
  [[nodiscard]] bool lost() const noexcept { return connection_.closed(); }
  [[nodiscard]] const std::string& reason() const noexcept { return connection_.reason(); }
  [[nodiscard]] ConnectionInfo info() const { return connection_.info(); }
  [[nodiscard]] const std::string& peer() const noexcept { return connection_.peer(); }
  /// Returns what a call's end by this code means ("HTTP/2 Error Codes" of gRPC over HTTP/2). CANCEL at or after the
  /// call's deadline means that the server saw the deadline first.
  [[nodiscard]] Status status_of_close(http2::ErrorCode code,
                                       std::optional<Clock::time_point> deadline = std::nullopt) const;
  /// Returns the longest header block that the server accepts, in bytes (Session::peer_header_limit).
  [[nodiscard]] std::size_t peer_header_limit() const noexcept { return connection_.session().peer_header_limit(); }

 private:
  void on_settings() override { greeted_->set(); }
  void on_go_away(http2::ErrorCode code, std::string_view debug_data) override;
  void on_lost(const std::string& reason) override;
  void check_idle();

  ChannelLoop& owner_;
  Subchannel* subchannel_;  // null once it has a new connection, or is gone
  std::shared_ptr<Event> greeted_ = std::make_shared<Event>();
  MemberTimer<ClientConnection, &ClientConnection::check_idle> idle_timer_{*this};
  std::uint64_t calls_seen_ = 0;  // at the last check_idle
  bool leaving_ = false;
  const http2::Stream* background_ = nullptr;
  transport::Connection connection_;
};

}  // namespace tern
