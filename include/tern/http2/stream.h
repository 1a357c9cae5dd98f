// One HTTP/2 stream, seen from the call that it carries. A call derives from Stream: what it sends it says to these
// methods, what comes in it learns from the on_… events. All on the connection's loop.
//
//   idle -> open --end sent--> half closed (local) ---end received--> closed
//                \--end received--> half closed (remote) --end sent--^      (RFC 9113 §5.1; a reset closes at once)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tern/async/intrusive_list.h"
#include "tern/http2/buffer.h"
#include "tern/http2/error_code.h"

namespace tern::http2 {

class Session;

/// A header field to send. The bytes are copied on sending, unless they live for ever (string literals).
struct HeaderField {
  std::string_view name;
  std::string_view value;
  bool lives_for_ever = false;
};
using HeaderFields = std::vector<HeaderField>;

class Stream : public ListNode<Stream> {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  /// Resets the stream (CANCEL) if it is still open; no event comes any more.
  virtual ~Stream();

  /// 0 before it is opened.
  [[nodiscard]] std::int32_t id() const noexcept { return id_; }
  /// Whether the connection still knows it: from its opening until on_closed.
  [[nodiscard]] bool open() const noexcept { return session_ != nullptr; }

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
  [[nodiscard]] std::size_t unsent() const noexcept { return outgoing_.bytes() - taken_; }

  /// Says that `size` received bytes are used up; the peer may send as many again (RFC 9113 §5.2).
  void consume(std::size_t size);

 protected:
  /// A field of the header block that is being received, in order; names are lower-case, validated by the session.
  virtual void on_header(std::string_view name, std::string_view value) = 0;
  /// The header block is complete. `ended`: nothing follows.
  virtual void on_headers_end(bool ended) = 0;
  virtual void on_data(std::span<const std::uint8_t> bytes) = 0;
  /// The peer has sent all that it will (not called where on_headers_end said so).
  virtual void on_end() = 0;
  /// Data went out: unsent() is less than before.
  virtual void on_sent() {}
  /// A server's stream is about to end: append its trailers.
  virtual void on_trailers_due(HeaderFields& /*trailers*/) {}
  /// The last event: both sides ended (kNoError) or the stream was reset, or the connection was lost. The stream is not
  /// open any more and may be destroyed here.
  virtual void on_closed(ErrorCode code) = 0;

 private:
  friend class Session;
  Session* session_ = nullptr;
  std::int32_t id_ = 0;
  bool end_queued_ = false;
  bool waiting_for_data_ = false;  // the session asked for data and got none
  std::uint32_t header_bytes_ = 0;
  std::uint32_t header_count_ = 0;
  std::size_t unconsumed_ = 0;
  BufferQueue outgoing_;
  std::size_t taken_ = 0;  // of the first outgoing buffer
};

}  // namespace tern::http2
