// ReadWait and WriteWait: the awaits of a call's messages. Typed calls, on both ends, are templates over them;
// MessageStream (src/call/message_stream.h) does the work.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/detail/buffer.h"

namespace tern {

class MessageStream;

namespace detail {

/// Awaits the peer's next message. Gives std::nullopt after the last one: the peer has sent it, or the call has
/// ended. It then lets other coroutines run first, so that a loop that reads on does not keep its thread. Cancelling
/// the waiting job ends the wait at once.
class [[nodiscard]] TERN_API ReadWait : public Wait {
 public:
  explicit ReadWait(MessageStream& stream) noexcept : stream_(&stream) {}
  ReadWait(ReadWait&& other) noexcept : Wait(static_cast<Wait&&>(other)), stream_(other.stream_) {}
  ~ReadWait() override {
    if (registered_) leave();
  }
  [[nodiscard]] bool await_ready() const;
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  std::optional<Buffer> await_resume();

 private:
  friend class tern::MessageStream;
  void begin(std::coroutine_handle<> caller, Job& job);
  void leave() noexcept;
  void cancel() noexcept override;

  MessageStream* stream_;    // null once it was destroyed
  bool registered_ = false;  // it is the stream's reader: from its wait until it has been resumed
};

/// Sends a message, with its prefix, and waits until there is room for another. False when the call has ended, and the
/// message is lost; other coroutines have then run first.
class [[nodiscard]] TERN_API WriteWait : public Wait {
 public:
  WriteWait(MessageStream& stream, Buffer message) noexcept : stream_(&stream), message_(std::move(message)) {}
  WriteWait(WriteWait&& other) noexcept
      : Wait(static_cast<Wait&&>(other)), stream_(other.stream_), message_(std::move(other.message_)) {}
  ~WriteWait() override {
    if (registered_) leave();
  }
  [[nodiscard]] bool await_ready();
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    begin(caller, *caller.promise().job());
  }
  bool await_resume();

 private:
  friend class tern::MessageStream;
  void begin(std::coroutine_handle<> caller, Job& job);
  void leave() noexcept;
  void cancel() noexcept override;
  [[nodiscard]] bool failed() const noexcept;

  MessageStream* stream_;  // null once it was destroyed
  Buffer message_;
  bool refused_ = false;
  bool registered_ = false;  // it was the stream's writer
};

}  // namespace detail
}  // namespace tern
