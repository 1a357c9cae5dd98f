// Http1Stream: the bytes of one HTTP/1.1 connection, both ways: what has arrived and nobody has used, and writes that
// end when the client has taken them or takes too long.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tern/async/event.h"
#include "tern/async/job.h"
#include "transport/byte_stream.h"

namespace tern::rest {

/// All on the loop.
class Http1Stream final : private transport::ByteStreamEvents {
 public:
  class Events {
   public:
    /// The client sends nothing more, or the connection is broken.
    virtual void on_client_left() = 0;
    /// The client took nothing for the write timeout. The write throws TimedOut.
    virtual void on_write_timeout() = 0;

   protected:
    ~Events() = default;
  };

  /// Bytes read at a time. A client whose turn to send has not come has no more than these held for it.
  static constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
  /// A client that sends ahead of what is answered waits above this.
  static constexpr std::size_t kReadAheadBytes = std::size_t{64} * 1024;

  /// `first_bytes` were read from `stream` before. `events` must outlive it.
  Http1Stream(std::unique_ptr<transport::ByteStream> stream, std::string first_bytes, Events& events,
              std::chrono::nanoseconds write_timeout)
      : stream_(std::move(stream)), input_(std::move(first_bytes)), events_(events), write_timeout_(write_timeout) {}

  [[nodiscard]] std::string peer() const { return stream_->peer(); }
  /// True over TLS.
  [[nodiscard]] bool secure() const { return !stream_->cipher().empty(); }
  /// Gives the stream away. Only when nothing is being written; nothing can be called afterwards.
  [[nodiscard]] std::unique_ptr<transport::ByteStream> release() noexcept { return std::move(stream_); }

  /// Bytes that arrived and were not dropped; good until the next call that is not const.
  [[nodiscard]] std::string_view input() const noexcept { return std::string_view{input_}.substr(dropped_); }
  void drop_input(std::size_t size);
  /// True when the client sends nothing more.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

  /// Reads as soon as there are bytes, up to the limit below; so that the client's leaving is seen, too.
  void want_read();
  void set_read_ahead(std::size_t bytes) noexcept { read_ahead_ = bytes; }
  /// Set when bytes, or the end, have arrived.
  [[nodiscard]] Event& arrived() noexcept { return arrived_; }

  /// Returns when the client has taken all of it, or throws: TimedOut, or std::runtime_error when the connection broke.
  Task<void> write(std::span<iovec> pieces);
  Task<void> write(std::string_view text);
  /// Writes without waiting. False when the client takes only a part of it, or when a write() still waits: nothing can
  /// be written then.
  bool write_at_once(std::string_view text);

 private:
  void on_readable() override;
  void on_writable() override { writable_.set(); }

  std::unique_ptr<transport::ByteStream> stream_;
  std::string input_;
  std::size_t dropped_ = 0;  // at the front of `input_`
  std::size_t read_ahead_ = kReadAheadBytes;
  bool reading_ = false;  // on_readable will come
  bool ended_ = false;
  bool writing_ = false;  // a write() waits
  Events& events_;
  std::chrono::nanoseconds write_timeout_;
  Event arrived_;
  Event writable_;
};

/// `text` as a piece for Http1Stream::write.
inline iovec piece_of(std::string_view text) {
  return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
}

}  // namespace tern::rest
