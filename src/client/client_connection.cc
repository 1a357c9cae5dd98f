#include "client/client_connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "client/channel_loop.h"
#include "client/subchannel.h"

namespace tern {

ClientConnection::ClientConnection(ChannelLoop& owner, std::unique_ptr<transport::ByteStream> stream,
                                   Subchannel* subchannel)
    : owner_(owner),
      subchannel_(subchannel),
      connection_(owner.loop(), std::move(stream), http2::Role::kClient, owner.settings(), *this) {}

void ClientConnection::start() {
  const ChannelOptions& options = owner_.options();
  connection_.start();
  connection_.keep_alive({.time = owner_.keepalive_time(),
                          .timeout = options.keepalive_timeout,
                          .without_calls = options.keepalive_without_calls});
  if (options.idle_timeout.count() > 0) owner_.loop().arm(idle_timer_, Clock::now() + options.idle_timeout);
}

bool ClientConnection::open(http2::Stream& stream, std::span<const http2::HeaderField> request) {
  if (!usable()) return false;
  if (connection_.session().open(stream, request)) return true;
  // The numbers of streams are used up, say (RFC 9113 §5.1.1).
  if (subchannel_ != nullptr) subchannel_->connection_left(*this);
  return false;
}

// A connection that had no call at the last look, and none since, has been idle all the time.
void ClientConnection::check_idle() {
  const std::uint64_t opened = connection_.session().streams_opened();
  if (calls() == 0 && opened == calls_seen_) {
    if (subchannel_ != nullptr) subchannel_->rest();
    return;
  }
  calls_seen_ = opened;
  owner_.loop().arm(idle_timer_, Clock::now() + owner_.options().idle_timeout);
}

void ClientConnection::on_go_away(http2::ErrorCode code, std::string_view debug_data) {
  leaving_ = true;
  if (code != http2::ErrorCode::kNoError) {
    spdlog::warn("{} sent GOAWAY {} {}", connection_.peer(), http2::name_of(code), debug_data);
  }
  if (code == http2::ErrorCode::kEnhanceYourCalm && debug_data == "too_many_pings") {
    owner_.too_many_pings(connection_.peer());
  }
  if (subchannel_ != nullptr) subchannel_->connection_left(*this);
}

void ClientConnection::leave_subchannel() {
  subchannel_ = nullptr;
  if (std::exchange(leaving_, true) || connection_.closed()) return;
  connection_.session().go_away();
}

void ClientConnection::on_lost(const std::string& /*reason*/) {
  greeted_->set();
  if (subchannel_ != nullptr) subchannel_->connection_left(*this);
  owner_.remove(*this);
}

Status ClientConnection::status_of_close(http2::ErrorCode code, std::optional<Clock::time_point> deadline) const {
  if (lost()) {
    if (!reason().empty()) return Status{StatusCode::kUnavailable, reason()};
    // Closed without a complaint: by this side, or by the server's GOAWAY before it saw this call.
    if (code == http2::ErrorCode::kCancel) return Status{StatusCode::kCancelled, "the channel was closed"};
    return Status{StatusCode::kUnavailable, "the server closed the connection"};
  }
  StatusCode meaning = StatusCode::kInternal;
  switch (code) {
    case http2::ErrorCode::kRefusedStream:
      meaning = StatusCode::kUnavailable;
      break;
    case http2::ErrorCode::kCancel:
      if (deadline && *deadline <= Clock::now()) return Status{StatusCode::kDeadlineExceeded, "Deadline Exceeded"};
      meaning = StatusCode::kCancelled;
      break;
    case http2::ErrorCode::kEnhanceYourCalm:
      meaning = StatusCode::kResourceExhausted;
      break;
    case http2::ErrorCode::kInadequateSecurity:
      meaning = StatusCode::kPermissionDenied;
      break;
    default:
      break;
  }
  return Status{meaning, fmt::format("the stream was reset: {}", http2::name_of(code))};
}

}  // namespace tern
