// Session: one HTTP/2 connection without its I/O: bytes in, events out, bytes out (RFC 9113; framing and HPACK by
// nghttp2, which only this folder includes). Either end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http2/defaults.h"
#include "http2/header_memo.h"
#include "http2/output_batch.h"
#include "tern/http2/stream.h"

struct nghttp2_session;

namespace tern::http2 {

enum class Role { kClient, kServer };

/// What happens to a connection as a whole.
class SessionEvents {
 public:
  /// A client opened a stream: the object that shall carry it, or null to refuse it (REFUSED_STREAM). Servers only.
  virtual Stream* on_stream_opened() = 0;
  /// There is something to fill() a batch with, after there was nothing.
  virtual void on_output() = 0;
  /// The peer takes no new streams (GOAWAY, RFC 9113 §6.8).
  virtual void on_go_away(ErrorCode code, std::string_view debug_data) = 0;
  /// The peer's settings arrived: to a client, the proof that it talks HTTP/2.
  virtual void on_settings() {}
  /// A PING of ours came back.
  virtual void on_ping_answered() {}
  /// The peer sent a PING, which is answered.
  virtual void on_ping() {}

 protected:
  ~SessionEvents() = default;
};

class Session {
 public:
  Session(Role role, const Settings& settings, SessionEvents& events);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Streams that are still open are not told; call close_streams first.
  ~Session();

  /// Bytes of the peer. False when the connection cannot go on; error() then says why (an answer may still be to be
  /// written).
  bool receive(std::span<const std::uint8_t> bytes);
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

  /// Appends frames until the batch is full or nothing is left to send; false when the connection cannot go on.
  bool fill(OutputBatch& batch);

  /// Neither reads nor writes any more: the connection may be closed.
  [[nodiscard]] bool finished() const noexcept;

  /// Opens a client's stream with this request; it waits in the session while the peer allows no more streams.
  /// Returns false when the connection takes no new streams.
  bool open(Stream& stream, std::span<const HeaderField> fields);

  /// Counts there what is queued and not yet sent; must outlive the session.
  void charge_to(MemoryBudget& budget) noexcept { budget_ = &budget; }

  [[nodiscard]] std::size_t open_streams() const noexcept { return open_streams_; }

  /// Tells the peer to open no more streams. The first step of a graceful end, then (a round trip later, when what was
  /// under way has arrived) go_away. RFC 9113 §6.8.
  void announce_shutdown();
  void go_away();
  void ping();

  /// Ends the connection for this reason: GOAWAY, and then nothing. `debug_data` is for the peer's people.
  void terminate(ErrorCode code, std::string_view debug_data = {});

  /// Streams opened so far, by either side; those that both sides ended, and those that were reset.
  [[nodiscard]] std::uint64_t streams_opened() const noexcept { return streams_opened_; }
  [[nodiscard]] std::uint64_t streams_succeeded() const noexcept { return streams_succeeded_; }
  [[nodiscard]] std::uint64_t streams_failed() const noexcept { return streams_failed_; }
  /// Buffers given to Stream::send_data, and messages that streams say they received.
  [[nodiscard]] std::uint64_t messages_sent() const noexcept { return messages_sent_; }
  [[nodiscard]] std::uint64_t messages_received() const noexcept { return messages_received_; }
  /// Bytes that the peer may send now on the connection, and that we may.
  [[nodiscard]] std::int32_t local_window() const noexcept;
  [[nodiscard]] std::int32_t remote_window() const noexcept;

  /// Tells every open stream that it is closed, with this code: the connection is lost.
  void close_streams(ErrorCode code);

 private:
  friend class Stream;
  struct Callbacks;

  void attach(Stream& stream, std::int32_t id);
  void detach(Stream& stream) noexcept;
  void closed(Stream& stream, ErrorCode code);
  void take_headers(Stream& stream, bool ended);
  void take_data(Stream& stream, std::span<const std::uint8_t> bytes);
  void take_end(Stream& stream);
  /// A malformed message is a stream error (RFC 9113 §8.1.1).
  void refuse(Stream& stream, ErrorCode code);
  void submit_response(Stream& stream, std::span<const HeaderField> fields, bool only);
  void output_added();
  void sent_or_dropped(std::size_t size) noexcept;

  nghttp2_session* session_ = nullptr;
  SessionEvents& events_;
  Settings settings_;
  Role role_;
  bool output_announced_ = false;
  bool failed_ = false;
  std::size_t open_streams_ = 0;
  std::uint64_t streams_opened_ = 0;
  std::uint64_t streams_succeeded_ = 0;
  std::uint64_t streams_failed_ = 0;
  std::uint64_t messages_sent_ = 0;
  std::uint64_t messages_received_ = 0;
  std::size_t received_ = 0;  // data bytes that the connection's window is not yet opened for again
  IntrusiveList<Stream> streams_;
  HeaderMemo first_blocks_;
  HeaderMemo trailer_blocks_;
  HeaderMemo* collecting_ = nullptr;  // the header block that is being received; one at a time (RFC 9113 §4.3)
  std::uint32_t header_bytes_ = 0;    // of it
  std::uint32_t header_count_ = 0;
  HeaderFields trailers_;  // scratch
  OutputBatch* filling_ = nullptr;
  MemoryBudget* budget_ = nullptr;
  std::string error_;
};

}  // namespace tern::http2
