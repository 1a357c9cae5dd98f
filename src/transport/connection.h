// Connection: drives one HTTP/2 session over one byte stream: reads when there is something, and writes once for each
// turn of its loop, all that the turn left to be written.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http2/session.h"
#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/detail/timer_queue.h"
#include "tern/transport/traffic.h"
#include "transport/byte_stream.h"
#include "transport/entity_id.h"
#include "transport/keepalive.h"

namespace tern::transport {

/// What the owner of a connection learns.
class ConnectionEvents {
 public:
  virtual http2::Stream* on_stream_opened() { return nullptr; }
  virtual void on_settings() {}
  virtual void on_go_away(http2::ErrorCode /*code*/, std::string_view /*debug_data*/) {}
  virtual void on_ping_answered() {}
  virtual void on_ping() {}
  virtual void on_stream_refused(http2::ErrorCode /*code*/) {}
  /// See http2::SessionEvents.
  virtual void on_room() {}
  /// The peer takes nothing (close_when_stalled); the connection is closed next.
  virtual void on_stalled() {}
  /// Takes over the stream of a connection that ends with everything written, so that the peer can read it all
  /// (LingeringCloses). By default the stream is closed at once. on_lost follows.
  virtual void on_written_out(std::unique_ptr<ByteStream> /*stream*/) {}
  /// The connection is over, its streams have been told; `reason` is for people, empty for a clean end. The owner may
  /// destroy the connection here.
  virtual void on_lost(const std::string& reason) = 0;

 protected:
  ~ConnectionEvents() = default;
};

class TERN_API Connection final : private http2::SessionEvents,
                                  private ByteStreamEvents,
                                  private TurnEnd,
                                  private Ready {
 public:
  Connection(Loop& loop, std::unique_ptr<ByteStream> stream, http2::Role role, const http2::Settings& settings,
             ConnectionEvents& owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// Closes the socket; streams still open are told nothing.
  ~Connection() = default;

  /// Sends the settings and begins to read; within a turn. `first_bytes`: what was read of it already. The owner may
  /// learn in it that the connection is over.
  void start(std::string_view first_bytes = {});

  /// Ends it now, without a word to the peer; streams are told `code`, the owner gets on_lost.
  void close(http2::ErrorCode code, std::string reason);
  /// Ends it now. The peer gets a GOAWAY if the socket accepts it at once, and then on_written_out has the stream.
  void say_goodbye(http2::ErrorCode code = http2::ErrorCode::kNoError, std::string_view debug_data = {});

  /// From now on a silent peer is asked whether it is still there.
  void keep_alive(const KeepaliveOptions& options);

  /// From now on a peer that takes nothing of what is written to it for this long is given up. 0: never.
  void close_when_stalled(std::optional<std::chrono::nanoseconds> after) noexcept { stall_timeout_ = after; }

  [[nodiscard]] http2::Session& session() noexcept { return session_; }
  [[nodiscard]] const http2::Session& session() const noexcept { return session_; }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  /// Who the peer is by its certificate.
  [[nodiscard]] const PeerIdentity& identity() const noexcept { return identity_; }
  /// What it is and did, while it is not closed.
  [[nodiscard]] ConnectionInfo info() const;
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// Why it was closed, for people.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  template <class Folder>
  friend struct tern::DebugLayout;
  http2::Stream* on_stream_opened() override { return owner_.on_stream_opened(); }
  void on_output() override { loop_.when_turn_ends(*this); }
  void on_go_away(http2::ErrorCode code, std::string_view debug_data) override { owner_.on_go_away(code, debug_data); }
  void on_settings() override { owner_.on_settings(); }
  void on_ping_answered() override { owner_.on_ping_answered(); }
  void on_ping() override { owner_.on_ping(); }
  void on_stream_refused(http2::ErrorCode code) override { owner_.on_stream_refused(code); }
  void on_room() override { owner_.on_room(); }

  void on_readable() override;
  void on_writable() override;
  void at_turn_end() noexcept override;
  void run() override { owner_.on_lost(reason_); }

  void check_peer();
  void stalled();
  void wait_to_write();
  void count_streams() noexcept;
  bool receive(std::span<const std::uint8_t> bytes);
  void write_output();
  void close_written_out(http2::ErrorCode code, std::string reason);
  bool write_batch(http2::OutputBatch& batch);

  Loop& loop_;
  ConnectionEvents& owner_;
  std::unique_ptr<ByteStream> stream_;
  std::string peer_;
  PeerIdentity identity_;
  std::uint64_t id_ = next_entity_id();
  std::uint64_t keepalives_sent_ = 0;
  std::uint64_t streams_counted_ = 0;  // in the loop's traffic
  http2::Session session_;
  http2::Role role_;
  std::optional<Keepalive> keepalive_;
  MemberTimer<Connection, &Connection::check_peer> keepalive_timer_{*this};
  std::unique_ptr<http2::OutputBatch> unwritten_;  // what the socket has not taken yet
  std::optional<std::chrono::nanoseconds> stall_timeout_;
  MemberTimer<Connection, &Connection::stalled> stall_timer_{*this};
  bool received_anything_ = false;
  bool closed_ = false;
  http2::ErrorCode clean_end_ = http2::ErrorCode::kNoError;  // what streams are told when nothing went wrong
  std::string reason_;
};

}  // namespace tern::transport
