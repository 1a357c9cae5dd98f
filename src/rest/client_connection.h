// ClientConnection: the bytes of one HTTP/1.1 connection of a client: written whole, and read into a buffer from which
// the response's parser takes.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tern/async/event.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "transport/byte_stream.h"

namespace tern::rest {

class ClientConnection final : private transport::ByteStreamEvents {
 public:
  explicit ClientConnection(std::unique_ptr<transport::ByteStream> stream) : stream_(std::move(stream)) {}
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  ~ClientConnection() = default;

  /// Writes all of `text`. Throws ConnectionLost when the connection breaks, ClientError when the server
  /// takes nothing for `patience`.
  Task<void> write(std::string_view text, std::chrono::nanoseconds patience);

  enum class Read { kBytes, kEnd, kNothing };
  /// Reads what has come into input(). Throws ConnectionLost when the connection is broken.
  Read read_now();
  /// Awaits that read_now() finds something, wake_reader(), or `limit`.
  Task<void> wait_to_read(std::optional<Clock::time_point> limit);
  void wake_reader() { readable_.set(); }

  [[nodiscard]] const std::string& input() const noexcept { return input_; }
  void take(std::size_t size) { input_.erase(0, size); }

  /// The server closed the connection, or sent something out of turn, since the last exchange.
  [[nodiscard]] bool stale();
  /// Set by an exchange whose request and response were both whole.
  void set_reusable(bool reusable) noexcept { reusable_ = reusable; }
  [[nodiscard]] bool reusable() const noexcept { return reusable_ && input_.empty(); }

  Clock::time_point idle_since;

 private:
  void on_readable() override;
  void on_writable() override { writable_.set(); }

  std::unique_ptr<transport::ByteStream> stream_;
  std::string input_;  // read, and not taken by a parser yet
  Event readable_;
  Event writable_;
  bool wants_to_read_ = false;  // on_readable() will come
  bool reusable_ = false;
};

}  // namespace tern::rest
