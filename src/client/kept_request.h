// KeptRequest: the messages of a call's request, kept as long as they may have to be sent again: until the response
// begins, or until they are too long (gRFC A6, "Memory Management (Buffering)").
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

#include "http2/buffer.h"
#include "http2/stream.h"

namespace tern {

class KeptRequest {
 public:
  /// The most bytes kept of one call. gRPC's default.
  static constexpr std::size_t kMostBytes = std::size_t{256} * 1024;

  /// The method has one request, and this is it.
  void set_only(Buffer message) noexcept {
    only_ = std::move(message);
    has_only_ = true;
  }
  [[nodiscard]] bool has_only() const noexcept { return has_only_; }
  [[nodiscard]] const Buffer& only() const noexcept { return only_; }

  /// One message of a stream. Returns false when they are too long by now; it is then not kept.
  [[nodiscard]] bool keep(const Buffer& message);
  [[nodiscard]] bool too_long() const noexcept { return only_.size() + bytes_ > kMostBytes; }
  /// Nothing follows what was sent so far.
  void end() noexcept { ended_ = true; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

  /// Sends what there is on a stream that has just been opened. `last`: it is not sent again, except by this stream.
  void send_on(http2::Stream& stream, bool last) {
    assert(stream.open());
    if (has_only_) stream.send_data(last ? std::move(only_) : only_);
    for (const Buffer& message : messages_) stream.send_data(message);
    if (ended_) stream.send_end();
  }
  /// Forgets the messages of a stream: they are not sent again.
  void drop_messages() noexcept { messages_.clear(); }

 private:
  Buffer only_;
  std::vector<Buffer> messages_;
  std::size_t bytes_ = 0;  // of messages_, and of the one that was too long
  bool has_only_ = false;
  bool ended_ = false;
};

}  // namespace tern
