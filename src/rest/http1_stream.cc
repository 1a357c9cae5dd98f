#include "rest/http1_stream.h"

#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "tern/async/with_timeout.h"

namespace tern::rest {

namespace {

thread_local std::array<std::uint8_t, Http1Stream::kReadBytes> read_buffer;

/// Drops `size` bytes at the front.
std::span<iovec> without(std::span<iovec> pieces, std::size_t size) {
  while (!pieces.empty() && size >= pieces.front().iov_len) {
    size -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (size > 0) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + size;
    pieces.front().iov_len -= size;
  }
  return pieces;
}

}  // namespace

void Http1Stream::drop_input(std::size_t size) {
  dropped_ += size;
  if (dropped_ < input_.size()) return;
  dropped_ = 0;
  input_.clear();
  if (input_.capacity() > kReadBytes) input_.shrink_to_fit();
}

void Http1Stream::want_read() {
  if (ended_ || std::exchange(reading_, true)) return;
  stream_->want_read(*this);
}

void Http1Stream::on_readable() {
  reading_ = false;
  while (input().size() < read_ahead_) {
    const transport::IoResult result = stream_->read(read_buffer);
    if (result.would_block) {
      want_read();
      break;
    }
    if (result.error || result.size == 0) {
      ended_ = true;
      events_.on_client_left();
      break;
    }
    input_.append(reinterpret_cast<const char*>(read_buffer.data()), result.size);
  }
  arrived_.set();
}

Task<void> Http1Stream::write(std::span<iovec> pieces) {
  pieces = without(pieces, 0);
  while (!pieces.empty()) {
    const transport::IoResult result = stream_->write(pieces);
    if (result.error) throw std::runtime_error(result.error.message());
    if (!result.would_block) {
      pieces = without(pieces, result.size);
      continue;
    }
    const Clock::time_point limit = Clock::now() + write_timeout_;
    writable_.clear();
    stream_->want_write(*this);
    writing_ = true;  // and stays so when the wait is cancelled: a part of it went out
    const bool in_time = co_await writable_.wait(limit);
    writing_ = false;
    if (!in_time) {
      events_.on_write_timeout();
      throw TimedOut{};
    }
  }
}

Task<void> Http1Stream::write(std::string_view text) {
  iovec piece = piece_of(text);
  co_await write({&piece, 1});
}

bool Http1Stream::write_at_once(std::string_view text) {
  if (writing_) return false;
  const iovec piece = piece_of(text);
  const transport::IoResult result = stream_->write({&piece, 1});
  return !result.error && result.size == text.size();
}

}  // namespace tern::rest
