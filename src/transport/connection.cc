#include "transport/connection.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "async/awaiter_names.h"

namespace tern::transport {

namespace {

constexpr std::array<AwaiterName, 1> kNames{{
    {"tern::transport::Readiness", "a socket"},
}};
const AwaiterNames kConnectionAwaiters{kNames};

// One for each thread, not for each connection: an idle connection holds no buffer.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
thread_local std::array<std::uint8_t, kReadBytes> read_buffer;

// A peer that sends without pause must not keep the loop from the others.
constexpr int kReadsPerTurn = 4;

}  // namespace

Connection::Connection(Loop& loop, std::unique_ptr<ByteStream> stream, http2::Role role,
                       const http2::Settings& settings, ConnectionEvents& owner)
    : loop_(loop),
      owner_(owner),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      identity_(stream_->identity()),
      session_(role, settings, *this),
      role_(role) {}

void Connection::start(std::string_view first_bytes) {
  loop_.when_turn_ends(*this);
  if (!first_bytes.empty() &&
      !receive({reinterpret_cast<const std::uint8_t*>(first_bytes.data()), first_bytes.size()})) {
    return;
  }
  stream_->want_read(*this);
}

void Connection::close(http2::ErrorCode code, std::string reason) {
  if (std::exchange(closed_, true)) return;
  count_streams();
  reason_ = std::move(reason);
  keepalive_timer_.disarm();
  stall_timer_.disarm();
  stream_.reset();
  unwritten_.reset();
  session_.close_streams(code);
  loop_.make_ready(*this);
}

void Connection::keep_alive(const KeepaliveOptions& options) {
  if (!options.time) return;
  keepalive_.emplace(options, Clock::now());
  loop_.arm(keepalive_timer_, keepalive_->next());
}

void Connection::check_peer() {
  if (closed_) return;
  const Clock::time_point now = Clock::now();
  switch (keepalive_->check(now, session_.open_streams() > 0)) {
    case Keepalive::Action::kNone:
      break;
    case Keepalive::Action::kPing:
      ++keepalives_sent_;
      session_.ping();
      break;
    case Keepalive::Action::kClose:
      return close(http2::ErrorCode::kInternalError, "the peer did not answer a keepalive ping");
  }
  loop_.arm(keepalive_timer_, keepalive_->next());
}

ConnectionInfo Connection::info() const {
  return {.id = id_,
          .local = stream_->local(),
          .peer = peer_,
          .cipher = stream_->cipher(),
          .peer_certificate = identity_.certificate,
          .streams_started = session_.streams_opened(),
          .streams_succeeded = session_.streams_succeeded(),
          .streams_failed = session_.streams_failed(),
          .messages_sent = session_.messages_sent(),
          .messages_received = session_.messages_received(),
          .keepalives_sent = keepalives_sent_,
          .local_window = session_.local_window(),
          .remote_window = session_.remote_window()};
}

void Connection::say_goodbye(http2::ErrorCode code, std::string_view debug_data) {
  if (closed_) return;
  clean_end_ = http2::ErrorCode::kCancel;
  session_.terminate(code, debug_data);
  if (!unwritten_) write_output();
  close(clean_end_, {});
}

void Connection::on_readable() {
  for (int reads = 0; reads < kReadsPerTurn && !closed_; ++reads) {
    const IoResult result = stream_->read(read_buffer);
    if (result.would_block) break;
    if (result.error) return close(http2::ErrorCode::kInternalError, "connection lost: " + result.error.message());
    if (result.size == 0) {
      return close(http2::ErrorCode::kInternalError,
                   received_anything_ ? "the peer closed the connection" : "the peer closed the connection unused");
    }
    if (keepalive_ && keepalive_->heard_something(Clock::now())) {
      loop_.arm(keepalive_timer_, keepalive_->next());
    }
    if (!receive({read_buffer.data(), result.size})) return;
    if (result.size < read_buffer.size()) break;
  }
  if (closed_) return;
  stream_->want_read(*this);
  loop_.when_turn_ends(*this);  // the last stream may have closed
}

bool Connection::receive(std::span<const std::uint8_t> bytes) {
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (!std::exchange(received_anything_, true) && role_ == http2::Role::kClient && text.starts_with("HTTP/1")) {
    close(http2::ErrorCode::kProtocolError, "the peer speaks HTTP/1.1, not HTTP/2");
    return false;
  }
  if (session_.receive(bytes)) return true;
  // The session's GOAWAY, if the socket accepts it at once.
  bool told = false;
  if (!unwritten_) {
    http2::OutputBatch batch;
    session_.fill(batch);
    told = write_batch(batch);
  }
  // The peer's people shall read what went wrong. A flood is not worth reading on for.
  if (told && session_.error_code() != http2::ErrorCode::kEnhanceYourCalm) {
    close_written_out(http2::ErrorCode::kProtocolError, "HTTP/2: " + session_.error());
  } else {
    close(http2::ErrorCode::kProtocolError, "HTTP/2: " + session_.error());
  }
  return false;
}

void Connection::on_writable() {
  if (closed_ || !unwritten_) return;
  stall_timer_.disarm();
  if (!write_batch(*unwritten_)) return;
  unwritten_.reset();
  write_output();
}

void Connection::count_streams() noexcept {
  const std::uint64_t opened = session_.streams_opened();
  loop_.traffic().streams.add(opened - std::exchange(streams_counted_, opened));
}

void Connection::wait_to_write() {
  stream_->want_write(*this);
  if (stall_timeout_) loop_.arm(stall_timer_, Clock::now() + *stall_timeout_);
}

void Connection::stalled() {
  if (closed_) return;
  owner_.on_stalled();
  close(http2::ErrorCode::kInternalError, "the peer takes nothing of what is written to it");
}

void Connection::at_turn_end() noexcept {
  count_streams();
  if (!closed_ && !unwritten_) write_output();
}

void Connection::write_output() {
  static thread_local http2::OutputBatch batch;
  bool more = true;
  while (more && !closed_) {
    session_.fill(batch);
    more = batch.full();
    if (!batch.empty() && !write_batch(batch)) {
      if (!closed_) {
        unwritten_ = std::make_unique<http2::OutputBatch>();
        std::swap(*unwritten_, batch);
      }
      batch.clear();
      return;
    }
  }
  if (!closed_ && session_.finished()) close_written_out(clean_end_, {});
}

void Connection::close_written_out(http2::ErrorCode code, std::string reason) {
  owner_.on_written_out(std::move(stream_));
  close(code, std::move(reason));
}

bool Connection::write_batch(http2::OutputBatch& batch) {
  while (!batch.empty()) {
    const IoResult result = stream_->write(batch.pieces());
    if (result.would_block) {
      wait_to_write();
      return false;
    }
    if (result.error) {
      close(http2::ErrorCode::kInternalError, "connection lost: " + result.error.message());
      return false;
    }
    batch.written(result.size);
  }
  return true;
}

}  // namespace tern::transport
