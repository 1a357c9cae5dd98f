// Session: one HTTP/2 connection without its I/O, either end: bytes in, events out, bytes out (RFC 9113).
//
//   receive(): FrameReader cuts frames -> session_receive.cc: what they mean -> HpackDecoder, HeaderMemo ->
//   Stream::on_... fill():    Stream::send_... -> session_send.cc: HpackEncoder, windows, whose turn it is ->
//   OutputBatch
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http2/defaults.h"
#include "http2/frame_reader.h"
#include "http2/header_memo.h"
#include "http2/hpack_decoder.h"
#include "http2/hpack_encoder.h"
#include "http2/intake.h"
#include "http2/output_batch.h"
#include "http2/rate_limit.h"
#include "http2/stream.h"
#include "http2/stream_history.h"
#include "http2/stream_table.h"
#include "tern/api.h"

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
  /// A stream of the peer's was reset for what it did, or refused.
  virtual void on_stream_refused(ErrorCode /*code*/) {}
  /// The peer allows another stream of ours, after it allowed none, and none waits in the session. Streams may not be
  /// opened in it. Clients only.
  virtual void on_room() {}

 protected:
  ~SessionEvents() = default;
};

/// Facts of a client's request that its session needs besides the fields.
struct RequestShape {
  /// The fields are the whole request: they carry END_STREAM.
  bool only_fields = false;
  /// The response has no content, whatever its content-length says: the method is HEAD (RFC 9110 §9.3.2).
  bool no_content_expected = false;
};

/// Stream::content_left_ of a stream whose response has no content (RequestShape), until that has come.
inline constexpr std::int64_t kNoContentExpected = -2;

class TERN_API Session : private FrameReader::Frames, private HpackDecoder::Fields, private Intake::Receiver {
 public:
  Session(Role role, const Settings& settings, SessionEvents& events);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Streams that are still open are not told; call close_streams first.
  ~Session();

  /// Bytes of the peer. False when the connection cannot go on; error() then says why, and fill() gives what the peer
  /// is told of it.
  bool receive(std::span<const std::uint8_t> bytes);
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] ErrorCode error_code() const noexcept { return error_code_; }

  /// Appends frames until the batch is full or nothing is left to send.
  void fill(OutputBatch& batch);

  /// Neither reads nor writes any more: the connection may be closed.
  [[nodiscard]] bool finished() const noexcept;

  /// Opens a client's stream with this request; it waits in the session while the peer allows no more streams.
  /// Returns false when the connection takes no new streams.
  bool open(Stream& stream, std::span<const HeaderField> fields, RequestShape shape = {});

  /// Counts there what is queued and not yet sent, and takes turns with its other parts at receiving; it must outlive
  /// the session.
  void charge_to(MemoryBudget& budget) noexcept;

  [[nodiscard]] std::size_t open_streams() const noexcept { return open_streams_; }

  /// Returns the number of streams that the peer allows at a time (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 §6.5.2).
  [[nodiscard]] std::uint32_t peer_max_streams() const noexcept { return peer_max_streams_; }

  /// A client's next stream need not wait in the session.
  [[nodiscard]] bool has_room() const noexcept { return room_waits_.empty() && own_streams_ < peer_max_streams_; }

  /// Returns the longest header block that the peer accepts, in bytes; kNoHeaderLimit when it announced no limit.
  [[nodiscard]] std::size_t peer_header_limit() const noexcept { return peer_header_limit_; }

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
  /// Frames of DATA and blocks of header fields that went out.
  [[nodiscard]] std::uint64_t content_sent() const noexcept { return content_sent_; }
  /// Bytes that the peer may send now on the connection, and that we may.
  [[nodiscard]] std::int64_t local_window() const noexcept { return receive_window_; }
  [[nodiscard]] std::int64_t remote_window() const noexcept { return send_window_; }

  /// Calls visit(const Stream&) for each that is open.
  template <class Visit>
  void for_each_stream(Visit visit) {
    streams_.for_each(visit);
  }

  /// Tells every open stream that it is closed, with this code: the connection is lost.
  void close_streams(ErrorCode code);

 private:
  friend class Stream;
  template <class Folder>
  friend struct tern::DebugLayout;

  /// Whether what it receives waits for other connections' messages.
  [[nodiscard]] bool takes_turns() const noexcept;

  // session_receive.cc
  bool on_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) override;
  bool on_data_frame(const FrameHeader& header) override;
  bool on_data(const FrameHeader& header, std::span<const std::uint8_t> data, bool last) override;
  void on_broken_frame(ErrorCode code, const char* why) override { fail(code, why); }
  void on_field(const HeaderBlock::Field& field, FieldId id) override;
  bool in_order(const FrameHeader& header);
  void on_headers_frame(const FrameHeader& header, std::span<const std::uint8_t> payload);
  void on_continuation(const FrameHeader& header, std::span<const std::uint8_t> payload);
  void on_header_block(std::uint32_t id, bool ended, std::span<const std::uint8_t> block);
  Stream* open_for_peer(std::uint32_t id);
  HeaderBlockRef decode(HeaderMemo* memo, std::span<const std::uint8_t> block);
  void refuse_long_headers(Stream& stream, const HeaderBlock& begun);
  /// Fails the connection where a frame for a stream that is not open cannot have been under way.
  void check_late_frame(std::uint32_t id);
  void on_reset(const FrameHeader& header, std::span<const std::uint8_t> payload);
  void on_settings_frame(const FrameHeader& header, std::span<const std::uint8_t> payload);
  bool apply_setting(SettingId id, std::uint32_t value);
  void on_ping_frame(const FrameHeader& header, std::span<const std::uint8_t> payload);
  void on_go_away_frame(const FrameHeader& header, std::span<const std::uint8_t> payload);
  void on_window_update(const FrameHeader& header, std::span<const std::uint8_t> payload);
  [[nodiscard]] bool is_idle(std::uint32_t id) const noexcept;
  void take_headers(Stream& stream, const HeaderBlockRef& block, std::string_view aside, bool ended);
  void take_interim(Stream& stream, bool ended);
  void take_data(Stream& stream, std::span<const std::uint8_t> bytes);
  void take_end(Stream& stream);
  void remote_ended(std::uint32_t id);
  /// A malformed message is a stream error (RFC 9113 §8.1.1).
  void refuse(Stream& stream, ErrorCode code);
  /// Something that no honest peer does often; false when this one does.
  bool tolerate();
  /// Lets the peer send on, on all streams together.
  void open_window();
  std::size_t on_room(std::size_t bytes) override;
  /// Long messages wait for each other, and are judged there (LongMessages).
  void on_stalled() override { give_up_unfinished(false); }
  void give_up_unfinished(bool long_ones_too);

  // session_send.cc
  void flush_pending(OutputBatch& batch);
  void send_from(Stream& stream, OutputBatch& batch);
  void send_data_frame(Stream& stream, std::size_t size, bool ends, OutputBatch& batch);
  void send_trailers(Stream& stream, OutputBatch& batch);
  void local_ended(Stream& stream);
  void admit_waiting();
  void put_on_wire(Stream& stream, std::span<const HeaderField> fields);
  void put_headers(std::uint32_t id, std::span<const HeaderField> fields, bool ends);
  std::uint8_t* put_frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::size_t length);
  void put_reset(std::uint32_t id, ErrorCode code);
  void put_window_update(std::uint32_t id, std::size_t increment);
  void put_go_away(std::uint32_t last_stream, ErrorCode code, std::string_view debug_data);
  void submit_response(Stream& stream, std::span<const HeaderField> fields, bool only);
  void window_opened(Stream& stream);
  void output_added();

  // session.cc
  void attach(Stream& stream);
  void own_stream_ended() noexcept;
  /// From now on the peer knows of it, by this number.
  void begin_on_wire(Stream& stream, std::uint32_t id);
  void forget(Stream& stream) noexcept;
  void detach(Stream& stream) noexcept;
  void closed(Stream& stream, ErrorCode code);
  void sent_or_dropped(std::size_t size) noexcept;
  /// The connection cannot go on: GOAWAY.
  void fail(ErrorCode code, std::string_view why);

  SessionEvents& events_;
  Settings settings_;
  Role role_;
  bool output_announced_ = false;
  bool failed_ = false;
  bool terminated_ = false;
  bool go_away_sent_ = false;
  bool go_away_received_ = false;
  bool settings_received_ = false;
  bool settings_acknowledged_ = false;
  std::size_t open_streams_ = 0;
  std::uint64_t content_sent_ = 0;
  std::uint64_t streams_opened_ = 0;
  std::uint64_t streams_succeeded_ = 0;
  std::uint64_t streams_failed_ = 0;
  std::uint64_t messages_sent_ = 0;
  std::uint64_t messages_received_ = 0;
  IntrusiveList<Stream> streams_;
  StreamTable table_;  // those that are on the wire
  std::uint32_t last_peer_stream_ = 0;
  MemoryBudget* budget_ = nullptr;
  std::string error_;
  ErrorCode error_code_ = ErrorCode::kNoError;

  // What comes in.
  FrameReader reader_;
  HpackDecoder decoder_;
  std::size_t preface_left_;  // of the client's first bytes
  std::int64_t receive_window_ = kInitialWindow;
  std::size_t window_;        // as wide as that may be
  std::size_t received_ = 0;  // that the peer's window for the connection is not opened for again
  std::uint64_t received_in_all_ = 0;
  std::size_t delivered_ = 0;  // of the DATA frame that is being read
  HeaderMemo first_blocks_;
  HeaderMemo trailer_blocks_;
  std::uint32_t continued_stream_ = 0;  // whose header block is not whole yet; then nothing else may come (§4.3)
  bool continued_ends_ = false;
  std::size_t continuations_ = 0;
  std::vector<std::uint8_t> continued_block_;
  HeaderMemo* collecting_ = nullptr;   // where fields go that are being decoded; null: nowhere
  std::size_t interim_responses_ = 0;  // since the last final one
  std::uint64_t header_bytes_ = 0;
  std::uint64_t header_count_ = 0;
  bool header_overflow_ = false;
  StreamHistory history_;
  RateLimit resets_{kResetBurst, kResetsPerSecond};
  RateLimit oddities_{kOddityBurst, kOdditiesPerSecond};

  // What goes out.
  HpackEncoder encoder_;
  std::vector<std::uint8_t> pending_;  // frames in the order that they must go out: all but DATA
  std::size_t pending_taken_ = 0;
  std::size_t acknowledgements_ = 0;  // among them
  std::int64_t send_window_ = kInitialWindow;
  std::int32_t peer_stream_window_ = kInitialWindow;
  std::uint32_t peer_max_streams_ = kStreamsBeforeSettings;
  std::size_t peer_header_limit_ = kNoHeaderLimit;
  std::uint32_t next_stream_ = 1;
  std::size_t own_streams_ = 0;           // on the wire
  IntrusiveList<SendTurn> sendable_;      // in turn
  IntrusiveList<SendTurn> window_waits_;  // for the connection's window
  IntrusiveList<SendTurn> room_waits_;    // clients' streams, for the peer to allow one more
  IntrusiveList<SendTurn> reset_;         // to be told that they are closed
  HeaderFields trailers_;                 // scratch
};

}  // namespace tern::http2
