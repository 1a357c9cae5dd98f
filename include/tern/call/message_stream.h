// MessageStream: a call's messages over its HTTP/2 stream, as both ends see them: read one after the other, written
// with backpressure. A reader that does not read leaves the peer's window closed; a writer faster than the peer waits.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/misuse.h"
#include "tern/http2/stream.h"
#include "tern/rpc/compression.h"
#include "tern/rpc/message_count.h"
#include "tern/rpc/message_reader.h"
#include "tern/rpc/status.h"

namespace tern {

struct RunningCall;

/// Bytes of written messages that may wait for the peer's window, for each call; a writer waits above it.
inline constexpr std::size_t kUnsentBytesPerCall = std::size_t{64} * 1024;

/// All on the loop of its connection. One reader and one writer at a time, independent of each other; a second one, and
/// one on another loop, throws std::logic_error.
class MessageStream : public http2::Stream {
 public:
  class [[nodiscard]] Read;
  class [[nodiscard]] Write;

  /// Awaits the peer's next message; nothing when there is none any more, because the peer is done or the call has
  /// ended. It then lets other coroutines run first, so that a loop that reads on does not keep its thread. Cancelling
  /// the waiting job ends the wait at once.
  Read read_message() noexcept;

  /// Sends a message (with its prefix, see encode_message) and waits until there is room for another. False when the
  /// call has ended, and the message is lost; other coroutines have then run first.
  Write write_message(Buffer message) noexcept;

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
  /// An encoded message as it goes out: compressed like this, and counted.
  Buffer ready_to_send(Buffer encoded, Compression compression);

  /// Whether the peer may send on before anyone reads: for the one message that a unary call waits for.
  bool eager_ = false;

 private:
  std::optional<Buffer> take_message();
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
  std::size_t held_in_memory_ = 0;  // bytes of messages, whole ones and one that has begun, as counted there
  const Loop* home_ = nullptr;      // null: nobody compares
  Read* reading_ = nullptr;         // from its wait until it has been resumed
  Write* writing_ = nullptr;        // while it waits
};

class MessageStream::Read : public Wait {
 public:
  Read(Read&& other) noexcept : Wait(static_cast<Wait&&>(other)), stream_(other.stream_) {}
  explicit Read(MessageStream& stream) noexcept : stream_(&stream) {}
  ~Read() override { leave(); }
  [[nodiscard]] bool await_ready() const {
    if (stream_->reading_ != nullptr) detail::throw_two_reads();
    return !stream_->incoming_.empty();
  }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  std::optional<Buffer> await_resume() {
    leave();
    resumed();
    if (stream_ == nullptr) detail::throw_call_destroyed();
    return stream_->take_message();
  }

 private:
  friend class MessageStream;
  void begin(std::coroutine_handle<> caller, Job& job);
  void leave() noexcept {
    if (stream_ != nullptr && stream_->reading_ == this) stream_->reading_ = nullptr;
  }
  void cancel() noexcept override;
  MessageStream* stream_;  // null once it was destroyed
};

class MessageStream::Write : public Wait {
 public:
  Write(Write&& other) noexcept
      : Wait(static_cast<Wait&&>(other)), stream_(other.stream_), message_(std::move(other.message_)) {}
  Write(MessageStream& stream, Buffer message) noexcept : stream_(&stream), message_(std::move(message)) {}
  ~Write() override {
    if (stream_ != nullptr && stream_->writing_ == this) stream_->writing_ = nullptr;
  }
  [[nodiscard]] bool await_ready() {
    if (stream_->writing_ != nullptr) detail::throw_two_writes();
    refused_ = !stream_->on_writing(message_);
    if (refused_ || stream_->paused_) return false;
    stream_->send_data(std::move(message_));
    return stream_->open() && stream_->unsent() < kUnsentBytesPerCall;
  }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  bool await_resume() {
    resumed();
    if (stream_ == nullptr) detail::throw_call_destroyed();
    return !failed();
  }

 private:
  friend class MessageStream;
  void begin(std::coroutine_handle<> caller, Job& job);
  void cancel() noexcept override;
  [[nodiscard]] bool failed() const noexcept { return refused_ || !(stream_->open() || stream_->paused_); }
  MessageStream* stream_;  // null once it was destroyed
  Buffer message_;
  bool refused_ = false;
};

inline MessageStream::Read MessageStream::read_message() noexcept { return Read{*this}; }
inline MessageStream::Write MessageStream::write_message(Buffer message) noexcept {
  return Write{*this, std::move(message)};
}

}  // namespace tern
