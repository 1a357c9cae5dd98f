#include "rest/http2_client_connection.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "text/log.h"
#include "text/utf8.h"

namespace tern::rest {

namespace {

// A server that has not sent a byte for so long while a request waited may be gone. A request that its caller cancels
// sooner says nothing of the server.
constexpr std::chrono::seconds kSuspiciousSilence{1};

http2::Settings settings_of(const ClientOptions& options) {
  http2::Settings settings;
  settings.max_header_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(options.max_header_length, UINT32_MAX));
  settings.max_header_fields = http2::header_limit(std::nullopt);  // their bytes are limited
  return settings;
}

}  // namespace

Http2ClientConnection::Http2ClientConnection(Loop& loop, std::unique_ptr<transport::ByteStream> stream,
                                             const ClientOptions& options, std::function<void()> changed)
    : loop_(loop),
      changed_(std::move(changed)),
      idle_timeout_(options.idle_timeout),
      connection_(loop, std::move(stream), http2::Role::kClient, settings_of(options), *this) {
  connection_.close_when_stalled(options.timeout);
  connection_.start();
}

Http2ClientConnection::~Http2ClientConnection() { connection_.say_goodbye(); }

Http2ClientConnection::Place::Place(std::shared_ptr<Http2ClientConnection> connection)
    : connection_(std::move(connection)) {
  ++connection_->places_;
  connection_->idle_timer_.disarm();
}

bool Http2ClientConnection::Place::open(http2::Stream& stream, std::span<const http2::HeaderField> fields,
                                        http2::RequestShape shape) {
  Http2ClientConnection& connection = *connection_;
  if (!connection.usable()) return false;
  if (!connection.connection_.session().open(stream, fields, shape)) {
    connection.leave();
    return false;
  }
  waits_ = true;
  if (connection.waiting_++ == 0) connection.heard();  // silence counts from here on
  return true;
}

void Http2ClientConnection::Place::abandon() {
  if (waits_ && Clock::now() - connection_->silent_since_ >= kSuspiciousSilence) connection_->leave();
}

void Http2ClientConnection::Place::free() {
  if (!std::exchange(held_, false)) return;
  stop_waiting();
  connection_->place_freed();
}

void Http2ClientConnection::place_freed() {
  --places_;
  if (places_ == 0 && usable()) loop_.arm(idle_timer_, Clock::now() + idle_timeout_);
  changed_();
}

std::size_t Http2ClientConnection::room() const noexcept {
  return greeted_ ? connection_.session().peer_max_streams() : 1;
}

bool Http2ClientConnection::will_have_room() const noexcept {
  // A server may allow no stream at all for a while (RFC 9113 §5.1.2).
  return usable() && (!greeted_ || places_ == 0);
}

void Http2ClientConnection::leave() {
  if (std::exchange(leaving_, true) || connection_.closed()) return;
  idle_timer_.disarm();
  connection_.session().go_away();
}

void Http2ClientConnection::on_settings() {
  greeted_ = true;
  heard();
  changed_();
}

void Http2ClientConnection::on_go_away(http2::ErrorCode code, std::string_view debug_data) {
  leaving_ = true;
  idle_timer_.disarm();
  if (code != http2::ErrorCode::kNoError) {
    log_warning("rest", "{} sent GOAWAY {} {}", connection_.peer(), http2::name_of(code), text::log_text(debug_data));
  }
  changed_();
}

void Http2ClientConnection::on_lost(const std::string& /*reason*/) {
  idle_timer_.disarm();
  // changed_ may destroy this connection, and with it changed_ itself.
  const std::function<void()> changed = changed_;
  changed();
}

}  // namespace tern::rest
