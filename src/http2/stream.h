// One HTTP/2 stream, seen from the call that it carries. A call derives from Stream: what it sends it says to these
// methods, what comes in it learns from the on_… events. All on the connection's loop.
//
//   idle -> open --end sent--> half closed (local) ---end received--> closed
//                \--end received--> half closed (remote) --end sent--^      (RFC 9113 §5.1; a reset closes at once)
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "http2/buffer.h"
#include "http2/error_code.h"
#include "http2/header_block.h"
#include "tern/api.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/recycler.h"

namespace tern::http2 {

class LongMessage;
class MemoryBudget;
class Session;
class StreamTable;

/// A stream's place in one of its session's lists: of those that may send, that wait for a window, and so on.
class SendTurn : public ListNode<SendTurn> {};

/// A header field to send; the bytes are copied by who is given it.
struct HeaderField {
  std::string_view name;
  std::string_view value;
  /// Other calls have the same one, for certain: worth a place in HPACK's table at once, not only the second time.
  bool recurs = false;
};
using HeaderFields = std::vector<HeaderField, RecyclingAllocator<HeaderField>>;

/// How long a received header block is: its bytes as RFC 9113 §6.5.2 counts them, and its fields.
struct HeaderListSize {
  std::uint64_t bytes = 0;
  std::uint64_t fields = 0;
};

/// The header limit of a peer that announces none.
inline constexpr std::size_t kNoHeaderLimit = SIZE_MAX;

class TERN_API Stream : public ListNode<Stream>, private SendTurn {
 public:
  Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  /// Resets the stream (CANCEL) if it is still open; no event comes any more.
  virtual ~Stream();

  /// 0 before it is opened.
  [[nodiscard]] std::int32_t id() const noexcept { return id_; }
  /// Whether the connection still knows it: from its opening until on_closed.
  [[nodiscard]] bool open() const noexcept { return session_ != nullptr; }
  /// Returns the longest header block that the peer accepts, in bytes (SETTINGS_MAX_HEADER_LIST_SIZE, RFC 9113 §6.5.2);
  /// kNoHeaderLimit when the peer announced no limit, or when the stream is not open.
  [[nodiscard]] std::size_t peer_header_limit() const noexcept;

  /// A server's first header block; data and trailers follow.
  void send_headers(std::span<const HeaderField> fields);
  /// A header block that is all the answer (gRPC: Trailers-Only).
  void send_only_headers(std::span<const HeaderField> fields);
  /// Queues data; it is written at the end of the loop's turn, as the peer's windows allow. Nothing after an end.
  void send_data(Buffer bytes);
  /// Ends what is sent once the queue is empty: a server's stream by the trailers that on_trailers_due gives, a
  /// client's by END_STREAM.
  void send_end();
  /// Ends the stream both ways at once; on_closed follows in this turn or the next.
  void reset(ErrorCode code);

  /// Bytes queued and not yet handed to the connection.
  [[nodiscard]] std::size_t unsent() const noexcept {
    assert(outgoing_.bytes() >= taken_);
    return outgoing_.bytes() - taken_;
  }

  /// For statistics: so many messages were complete.
  void count_received(std::size_t messages) noexcept;

  /// Says that `size` received bytes are used up; the peer may send as many again (RFC 9113 §5.2).
  void consume(std::size_t size);

 protected:
  /// Says how many bytes are held of a message that has not come as a whole; 0: there is none. Where all connections
  /// hold much of such, the peer waits its turn to send on (Intake).
  void hold_unfinished(std::size_t bytes) {
    // Most messages come as a whole.
    if (bytes != 0 || unfinished_ != 0 || long_message_ != nullptr) count_unfinished(bytes);
  }
  /// Whether the peer may send the rest of that message, of `length` bytes; if not, on_room comes when it may.
  [[nodiscard]] bool may_go_on(std::size_t length);
  /// What the connection's messages are counted in; null where nothing is, and when the stream is not open.
  [[nodiscard]] MemoryBudget* memory() const noexcept;

  /// Gives up the stream, if it is open (CANCEL, where `tell_peer`), and is as new: it may be opened again.
  void renew(bool tell_peer);
  /// Carries `other`'s stream from now on, which is as new; this one must not be open. In an event of `other`, what
  /// follows that event comes to this one.
  void take_over(Stream& other);

  /// A well-formed header block: the first, and on a client the trailers. `aside` is the value of the field that
  /// Settings::aside_field names, empty when it did not come; it lives during the call. `ended`: nothing follows.
  virtual void on_headers(const HeaderBlockRef& block, std::string_view aside, bool ended) = 0;
  /// A header block exceeded Settings::max_header_bytes or max_header_fields. `begun` holds the fields up to the limit,
  /// `size` the length of the whole block. Resets the stream (ENHANCE_YOUR_CALM) where it is not overridden.
  virtual void on_headers_too_long(const HeaderBlock& /*begun*/, HeaderListSize /*size*/) {
    reset(ErrorCode::kEnhanceYourCalm);
  }
  virtual void on_data(std::span<const std::uint8_t> bytes) = 0;
  /// The peer has sent all that it will (not called where on_headers said so).
  virtual void on_end() = 0;
  /// There is room for the rest of a message that was held up (may_go_on).
  virtual void on_room() {}
  /// The peer does not go on with the message that it has begun (hold_unfinished), and others wait for the room.
  virtual void on_stalled() {}
  /// Data went out: unsent() is less than before.
  virtual void on_sent() {}
  /// A server's stream is about to end: append its trailers.
  virtual void on_trailers_due(HeaderFields& /*trailers*/) {}
  /// The last event: both sides ended (kNoError) or the stream was reset, or the connection was lost. The stream is not
  /// open any more and may be destroyed here.
  virtual void on_closed(ErrorCode code) = 0;

 private:
  friend class Session;
  friend class StreamTable;
  friend class LongMessage;
  friend class LongMessages;
  struct WaitingRequest;
  /// There is something to send, or the end.
  void wants_to_send();
  void count_unfinished(std::size_t bytes);
  void wait_for(std::size_t unfinished);
  void room_came();
  [[nodiscard]] bool held_up() const;
  void stalled();

  Session* session_ = nullptr;
  std::int32_t id_ = 0;
  Stream* next_in_table_ = nullptr;
  bool on_wire_ = false;     // the peer knows of it
  bool end_queued_ = false;  // nothing follows what is queued
  bool local_ended_ = false;
  bool remote_ended_ = false;
  bool headers_received_ = false;
  bool broken_ = false;                      // it was reset, and nothing more is told but that it is closed
  ErrorCode closing_ = ErrorCode::kNoError;  // what it was reset with
  std::int64_t send_window_ = 0;
  std::int64_t receive_window_ = 0;
  std::int64_t content_left_ = -1;  // of a content-length that the peer announced
  std::size_t unconsumed_ = 0;
  bool window_is_wide_ = false;
  std::size_t unfinished_ = 0;                 // that the connection waits its turn for
  std::unique_ptr<LongMessage> long_message_;  // that waits its own, or has it
  BufferQueue outgoing_;
  std::size_t taken_ = 0;                    // of the first outgoing buffer
  std::unique_ptr<WaitingRequest> waiting_;  // a client's, while the peer allows no more streams
};

}  // namespace tern::http2
