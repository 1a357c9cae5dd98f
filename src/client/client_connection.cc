#include "client/client_connection.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "call/message_stream.h"
#include "call/notify.h"
#include "client/connection_user.h"
#include "tern/client/channel_options.h"
#include "text/log.h"
#include "text/utf8.h"

namespace tern {

ClientConnection::ClientConnection(ConnectionOwner& owner, std::unique_ptr<transport::ByteStream> stream,
                                   ConnectionUser& user)
    : owner_(owner),
      user_(&user),
      balancer_(owner.balancer()),
      connection_(owner.loop(), std::move(stream), http2::Role::kClient, owner.settings(), *this) {}

void ClientConnection::start() {
  const ChannelOptions& options = owner_.options();
  connection_.start();
  connection_.keep_alive({.time = owner_.keepalive_time(),
                          .timeout = options.keepalive_timeout,
                          .without_calls = options.keepalive_without_calls});
  if (options.idle_timeout) owner_.loop().arm(idle_timer_, Clock::now() + *options.idle_timeout);
}

void ClientConnection::attempt_ended(const BalancedCallEnd& end) noexcept {
  assert(hears_ends());
  try {
    balancer_->call_ended(server_, end);
  } catch (...) {
    log_thrown_by("a channel's balancer");
  }
}

bool ClientConnection::open(http2::Stream& stream, std::span<const http2::HeaderField> request) {
  assert(!stream.open());
  if (!usable()) return false;
  if (connection_.session().open(stream, request)) return true;
  // The numbers of streams are used up, say (RFC 9113 §5.1.1).
  if (user_ != nullptr) user_->connection_left(*this);
  return false;
}

// The session is still busy with the stream that ended, and opens no other one in that event: later in the same turn.
void ClientConnection::on_room() {
  if (user_ != nullptr && !Ready::linked()) owner_.loop().make_ready(*this);
}

void ClientConnection::run() {
  if (user_ != nullptr && usable()) user_->connection_has_room(*this);
}

// A connection that had no call at the last look, and none since, has been idle all the time.
void ClientConnection::check_idle() {
  const std::uint64_t opened = connection_.session().streams_opened();
  if (calls() == 0 && opened == calls_seen_) {
    if (user_ != nullptr) user_->connection_idle(*this);
    return;
  }
  calls_seen_ = opened;
  owner_.loop().arm(idle_timer_, Clock::now() + *owner_.options().idle_timeout);
}

void ClientConnection::on_go_away(http2::ErrorCode code, std::string_view debug_data) {
  leaving_ = true;
  if (code != http2::ErrorCode::kNoError) {
    log_warning("client", "{} sent GOAWAY {} {}", connection_.peer(), http2::name_of(code), text::log_text(debug_data));
  }
  if (code == http2::ErrorCode::kEnhanceYourCalm && debug_data == "too_many_pings") {
    owner_.too_many_pings(connection_.peer());
  }
  if (user_ != nullptr) user_->connection_left(*this);
}

void ClientConnection::retire() {
  user_ = nullptr;
  if (std::exchange(leaving_, true) || connection_.closed()) return;
  connection_.session().go_away();
}

void ClientConnection::on_lost(const std::string& /*reason*/) {
  assert(connection_.closed());
  greeted_->set();
  if (user_ != nullptr) user_->connection_left(*this);
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

void ClientConnection::add_running(std::vector<RunningCall>& calls) {
  connection_.session().for_each_stream([&calls](const http2::Stream& stream) {
    if (const auto* call = dynamic_cast<const MessageStream*>(&stream)) call->add_running(calls);
  });
}

}  // namespace tern
