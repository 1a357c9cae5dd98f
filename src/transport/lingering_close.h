// A lingering close: ends a connection without the loss of a byte that was written on it.
//
// A socket that is closed while bytes of its peer are unread or on their way answers them with a reset. A reset makes
// the peer drop what it has not read yet: the end of a response. One WINDOW_UPDATE is enough. Therefore the writing
// side is shut down first, and what the peer still sends is dropped. The socket closes when the peer has closed its own
// end, or when a limit is reached. RFC 9112 §9.6 asks HTTP/1.1 servers for this; HTTP/2 needs it as much.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/detail/intrusive_list.h"
#include "transport/byte_stream.h"

namespace tern::transport {

/// How long a lingering close lasts when the peer does not close its own end.
struct LingerLimits {
  /// Bytes that are dropped. HTTP/2's windows let an honest peer send 4 MiB (http2::Settings::connection_window); the
  /// rest is for frames, and for request bodies over HTTP/1.1.
  std::size_t bytes = std::size_t{8} * 1024 * 1024;
  /// The time without progress while the peer's system has not taken all bytes. As ServerOptions::write_timeout.
  std::chrono::seconds undelivered{30};
  /// The time without a byte of the peer after that. nginx's lingering_timeout; Go's HTTP/2 and grpc-go wait a second,
  /// which a reader across a slow link exceeds.
  std::chrono::seconds silent{5};
  /// The time in all after that. nginx's lingering_time.
  std::chrono::seconds delivered{30};
};

/// The streams of one loop that are in a lingering close. For that loop's thread.
class TERN_API LingeringCloses {
 public:
  /// Calls `emptied` each time that the last stream has closed by itself.
  LingeringCloses(Loop& loop, std::function<void()> emptied, LingerLimits limits = {});
  LingeringCloses(const LingeringCloses&) = delete;
  LingeringCloses& operator=(const LingeringCloses&) = delete;
  /// Closes all of them at once.
  ~LingeringCloses();

  /// Begins the lingering close of `stream`, on which everything is written, and owns it until it is closed.
  void add(std::unique_ptr<ByteStream> stream);
  [[nodiscard]] bool empty() const noexcept { return closes_.empty(); }
  /// Closes the stream that came first, at once. Returns false when there is none.
  bool close_oldest();
  /// Closes all streams at once.
  void close_all() noexcept;

 private:
  class Close;
  void remove(Close& close);

  Loop& loop_;
  std::function<void()> emptied_;
  LingerLimits limits_;
  IntrusiveList<Close> closes_;
};

}  // namespace tern::transport
