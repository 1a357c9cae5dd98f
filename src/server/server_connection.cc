#include "server/server_connection.h"

#include <cassert>
#include <random>
#include <utility>

#include "server/server_loop.h"
#include "text/log.h"

namespace tern {

ServerConnection::ServerConnection(ServerLoop& owner, std::unique_ptr<transport::ByteStream> stream, HttpPart* http,
                                   bool in_process)
    : owner_(owner),
      http_(http),
      in_process_(in_process),
      most_calls_((in_process ? owner.shared().in_process_settings : owner.shared().settings).max_concurrent_streams),
      memory_(in_process ? http2::kNoLimit
                         : owner.shared().options.max_buffered_bytes_per_connection.value_or(http2::kNoLimit),
              owner.memory(), in_process ? http2::MemoryBudget::Turns::kNone : http2::MemoryBudget::Turns::kTakes),
      ping_strikes_(
          {.min_interval = owner.shared().options.min_ping_interval.value_or(std::chrono::nanoseconds::zero()),
           .permit_without_calls = owner.shared().options.permit_pings_without_calls}),
      connection_(owner.loop(), std::move(stream), http2::Role::kServer,
                  in_process ? owner.shared().in_process_settings : owner.shared().settings, *this) {
  owner_.connection_made(in_process_);
}

ServerConnection::~ServerConnection() {
  while (!calls_.empty()) delete &calls_.pop_front();
  assert(calls_there_ == 0);
  owner_.connection_gone(in_process_);
}

void ServerConnection::start(std::string_view first_bytes) {
  const ServerOptions& options = owner_.shared().options;
  assert(Loop::current() == &owner_.loop() && calls_there_ == 0);
  connection_.session().charge_to(memory_);
  connection_.close_when_stalled(options.write_timeout);
  if (options.handshake_timeout) owner_.loop().arm(greeting_timer_, Clock::now() + *options.handshake_timeout);
  connection_.start(first_bytes);
  if (connection_.closed()) return;
  connection_.keep_alive({.time = options.keepalive_time, .timeout = options.keepalive_timeout, .without_calls = true});
  const Clock::time_point now = Clock::now();
  if (options.max_connection_age) {
    // Not all at once, where all clients came at once.
    thread_local std::minstd_rand random{std::random_device{}()};
    const double spread = std::uniform_real_distribution<double>{0.9, 1.1}(random);
    owner_.loop().arm(age_timer_,
                      now + std::chrono::duration_cast<Clock::duration>(*options.max_connection_age * spread));
  }
  if (options.max_connection_idle) owner_.loop().arm(idle_timer_, now + *options.max_connection_idle);
}

void ServerConnection::too_old() {
  send_away();
  const auto grace = owner_.shared().options.max_connection_age_grace;
  if (grace) owner_.loop().arm(grace_timer_, Clock::now() + *grace);
}

void ServerConnection::too_old_for_calls() {
  connection_.say_goodbye(http2::ErrorCode::kNoError, "max_connection_age_grace");
}

// A connection that had no call at the last look, and none since, has been idle all the time.
void ServerConnection::check_idle() {
  const std::uint64_t calls = connection_.session().streams_opened();
  if (connection_.session().open_streams() == 0 && calls == calls_seen_) return send_away();
  calls_seen_ = calls;
  owner_.loop().arm(idle_timer_, Clock::now() + *owner_.shared().options.max_connection_idle);
}

void ServerConnection::refused(Refusal why, std::string_view text) {
  refusals_.note(connection_.peer(), text);
  owner_.tell_refused({.why = why, .peer = connection_.peer(), .text = text});
}

void ServerConnection::on_stream_refused(http2::ErrorCode code) {
  if (code == http2::ErrorCode::kRefusedStream) {
    refused(Refusal::kStreams, "more calls at once than it may have (max_concurrent_streams)");
  } else if (code == http2::ErrorCode::kEnhanceYourCalm) {
    refused(Refusal::kHeaders, "a request's metadata exceeds max_metadata_size or max_metadata_fields");
  } else {
    refused(Refusal::kProtocol, "a request against HTTP/2's rules");
  }
}

void ServerConnection::on_stalled() {
  refused(Refusal::kStalled, "takes nothing of what is written to it (write_timeout)");
}

void ServerConnection::on_written_out(std::unique_ptr<transport::ByteStream> stream) {
  owner_.linger(std::move(stream));
}

void ServerConnection::not_greeted() {
  refused(Refusal::kHandshake, "no HTTP/2 (handshake_timeout)");
  connection_.close(http2::ErrorCode::kProtocolError, "no HTTP/2 in time");
}

void ServerConnection::on_ping() {
  const http2::Session& session = connection_.session();
  if (ping_strikes_.pinged(Clock::now(), session.open_streams() > 0, session.content_sent())) return;
  refused(Refusal::kPings, "pings too often (min_ping_interval): sent away");
  owner_.loop().arm(goodbye_timer_, Clock::now());  // not here, inside of what the session receives
}

void ServerConnection::pings_too_often() {
  connection_.say_goodbye(http2::ErrorCode::kEnhanceYourCalm, "too_many_pings");
}

void ServerConnection::send_away() {
  if (lost_ || connection_.closed()) return;
  // Calls that are on their way while the client does not know yet are still served; after a round trip none can be.
  sent_away_ = true;
  connection_.session().announce_shutdown();
  connection_.session().ping();
}

void ServerConnection::on_ping_answered() {
  if (sent_away_) connection_.session().go_away();
}

void ServerConnection::cancel_calls() {
  calls_.for_each([](ServerCall& call) { call.cancel_handler(); });
}

void ServerConnection::drain_calls() {
  calls_.for_each([](ServerCall& call) { call.drain(); });
}

bool ServerConnection::close_hard() {
  connection_.close(http2::ErrorCode::kCancel, {});
  calls_.for_each([](ServerCall& call) {
    if (call.blocked()) {
      call.release_thread();
    } else {
      delete &call;
    }
  });
  return !calls_.empty();
}

http2::Stream* ServerConnection::on_stream_opened() {
  // Who resets a call at once is not done with it before its handler is (CVE-2023-44487).
  if (calls_there_ >= most_calls_) return nullptr;
  assert(!lost_);
  ++calls_there_;
  auto* call = new ServerCall(*this);
  calls_.push_back(*call);
  return call;
}

void ServerConnection::call_over(ServerCall& call) {
  assert(static_cast<ListNode<ServerCall>&>(call).linked());
  delete &call;
  if (lost_ && calls_.empty()) owner_.remove(*this);
}

void ServerConnection::on_lost(const std::string& reason) {
  if (!reason.empty()) log_debug("server", "connection of {}: {}", connection_.peer(), reason);
  const http2::Session& session = connection_.session();
  if (session.error_code() == http2::ErrorCode::kEnhanceYourCalm) {
    refused(Refusal::kFlood, session.error());
  } else if (session.error_code() != http2::ErrorCode::kNoError) {
    refused(Refusal::kProtocol, session.error());
  }
  assert(!lost_ && connection_.closed());
  lost_ = true;
  if (calls_.empty()) owner_.remove(*this);
}

}  // namespace tern
