#include "rest/client_connection.h"

#include <array>
#include <utility>

#include "rest/client_codec.h"

namespace tern::rest {

namespace {

// One for each thread, so that an idle connection holds no buffer.
thread_local std::array<std::uint8_t, std::size_t{16} * 1024> received;

}  // namespace

Task<void> ClientConnection::write(std::string_view text, std::chrono::nanoseconds patience) {
  while (!text.empty()) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    const transport::IoResult result = stream_->write({&piece, 1});
    if (result.error) throw ConnectionLost{"the connection broke: " + result.error.message()};
    text.remove_prefix(result.size);
    if (!result.would_block) continue;
    const Clock::time_point limit = Clock::now() + patience;
    writable_.clear();
    stream_->want_write(*this);
    const bool in_time = co_await writable_.wait(limit);
    if (!in_time) throw ClientError{"the server reads nothing of the request (ClientOptions::timeout)"};
  }
}

ClientConnection::Read ClientConnection::read_now() {
  const transport::IoResult result = stream_->read(received);
  if (result.would_block) return Read::kNothing;
  if (result.error) throw ConnectionLost{"the connection broke: " + result.error.message()};
  if (result.size == 0) return Read::kEnd;
  input_.append(reinterpret_cast<const char*>(received.data()), result.size);
  return Read::kBytes;
}

Task<void> ClientConnection::wait_to_read(std::optional<Clock::time_point> limit) {
  readable_.clear();
  if (!std::exchange(wants_to_read_, true)) stream_->want_read(*this);
  co_await readable_.wait(limit);
}

void ClientConnection::on_readable() {
  wants_to_read_ = false;
  readable_.set();
}

bool ClientConnection::stale() {
  std::array<std::uint8_t, 1> byte{};
  return !stream_->read(byte).would_block;
}

}  // namespace tern::rest
