// MessageStream: a call's messages over its HTTP/2 stream, as both ends see them: read one after the other, written
// with backpressure. A reader that does not read leaves the peer's window closed; a writer faster than the peer waits.
#pragma once

#include <cassert>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "http2/stream.h"
#include "rpc/message_reader.h"
#include "tern/api.h"
#include "tern/detail/message_waits.h"
#include "tern/rpc/compression.h"
#include "tern/rpc/message_count.h"
#include "tern/rpc/status.h"

namespace tern {

struct RunningCall;

/// Bytes of written messages that may wait for the peer's window, for each call; a writer waits above it.
inline constexpr std::size_t kUnsentBytesPerCall = std::size_t{64} * 1024;

/// All on the loop of its connection. One reader and one writer at a time, independent of each other; a second one, and
/// one on another loop, throws std::logic_error.
class TERN_API MessageStream : public http2::Stream {
 public:
  detail::ReadWait read_message() noexcept { return detail::ReadWait{*this}; }
  /// `message` has its prefix (encode_message).
  detail::WriteWait write_message(Buffer message) noexcept { return detail::WriteWait{*this, std::move(message)}; }

  /// Whether the last message that was read had come compressed.
  [[nodiscard]] bool message_was_compressed() const noexcept { return message_was_compressed_; }

  /// Whether the call may hold another `size` bytes, to be sent or read.
  [[nodiscard]] bool may_hold(std::size_t size) const noexcept;

  /// Sets the loop that the stream lives on; its readers and writers are compared with it.
  void live_on(const Loop& loop) noexcept { home_ = &loop; }

  /// Appends the call, for Channel::inspect().
  virtual void add_running(std::vector<RunningCall>& /*calls*/) const {}

  /// Whether read_message would wait.
  [[nodiscard]] bool must_wait_to_read() const noexcept { return incoming_.empty() && !incoming_ended_; }

 protected:
  /// Messages that have come and were not read count in `budget`, where there is one; it must outlive this.
  explicit MessageStream(std::size_t receive_limit, http2::MemoryBudget* budget = nullptr) noexcept
      : reader_(receive_limit), budget_(budget) {}
  ~MessageStream() override;

  void on_data(std::span<const std::uint8_t> bytes) final;
  void on_room() final { open_window_for_rest(); }
  void on_stalled() final;
  void on_sent() final;

  /// A message is about to be sent; whoever may have to send it again keeps it. False: it is not sent, and the call has
  /// ended.
  virtual bool on_writing(const Buffer& /*message*/) { return true; }
  /// Leaves a stream that failed, until the next one is open. A message that is written goes to on_writing only, and
  /// its writer waits until the next stream has sent something. Readers wait.
  void pause() noexcept;
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  /// As new, for the next stream.
  void resume_anew() noexcept;
  /// Takes no longer messages than this, in bytes; before the first one. It never allows more than before.
  void limit_received(std::size_t limit) noexcept;

  /// The peer broke gRPC's rules or our limit; nothing more of it is read.
  virtual void on_bad_message(Status status) = 0;

  /// The method has one message in this direction: a second one is an error of the peer (UNIMPLEMENTED: a cardinality
  /// violation, grpc/doc/statuscodes.md), however late it comes. Before the first one.
  void expect_one_message() noexcept { one_expected_ = true; }
  /// True while that message has not come.
  [[nodiscard]] bool lacks_message() const noexcept { return one_expected_ && reader_.count().messages == 0; }

  /// What the peer compresses its messages with.
  void receive_compressed(Compression compression) noexcept;
  /// The next of what has arrived, inflated where it must be.
  [[nodiscard]] Result<Buffer> pop_incoming();

  /// What has arrived and not been read is forgotten, and so is what still comes.
  void drop_incoming() noexcept;
  /// No more messages come; what has arrived may still be read.
  void end_incoming() noexcept;
  /// The call is over: nobody waits any longer.
  void release_waits() noexcept;
  [[nodiscard]] bool ended_inside_a_message() const noexcept { return !reader_.between_messages(); }
  [[nodiscard]] BufferQueue& incoming() noexcept { return incoming_; }

  /// Messages that have come, and those that were made ready to be sent.
  [[nodiscard]] const MessageCount& received() const noexcept { return reader_.count(); }
  [[nodiscard]] const MessageCount& sent() const noexcept { return sent_; }
  /// Compresses an encoded message like this, and counts it as sent.
  void make_ready_to_send(Buffer& encoded, Compression compression) {
    assert(encoded.size() >= rpc::kPrefixBytes);
    if (compression != Compression::kIdentity) compress(encoded, compression);
    sent_.add(encoded.size() - rpc::kPrefixBytes);
  }

  /// Whether the peer may send on before anyone reads: for the one message that a unary call waits for.
  bool eager_ = false;

 private:
  friend class detail::ReadWait;
  friend class detail::WriteWait;

  static void compress(Buffer& encoded, Compression compression);
  std::optional<Buffer> take_message();
  /// Removes the next message that has arrived, compressed where the peer has compressed it.
  Buffer pop_as_it_came();
  /// Brings the budget up to date; false when there is more than it allows.
  [[nodiscard]] bool recount() noexcept;
  void clear_incoming() noexcept;
  void refuse_incoming(Status status);
  [[nodiscard]] bool reader_waits() const noexcept;
  void open_window() noexcept;
  void open_window_for_rest();

  rpc::MessageReader reader_;
  MessageCount sent_;
  BufferQueue incoming_;
  Compression receive_compression_ = Compression::kIdentity;
  bool message_was_compressed_ = false;
  bool incoming_ended_ = false;
  bool dropping_ = false;
  bool paused_ = false;
  bool one_expected_ = false;
  std::size_t held_ = 0;  // received bytes that the peer's window is not yet opened for again
  http2::MemoryBudget* budget_;
  std::size_t held_in_memory_ = 0;        // bytes of messages, whole ones and one that has begun, as counted there
  const Loop* home_ = nullptr;            // null: nobody compares
  detail::ReadWait* reading_ = nullptr;   // from its wait until it has been resumed
  detail::WriteWait* writing_ = nullptr;  // while it waits
};

}  // namespace tern
