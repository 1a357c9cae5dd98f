// A client's bytes by hand, as coroutines: over TCP, unix sockets and in process.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "tern/async/task.h"
#include "transport/byte_stream.h"
#include "transport/readiness.h"
#include "transport/socket_stream.h"

namespace tern::test {

/// A connection that a test reads and writes by hand.
class Wire {
 public:
  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  virtual ~Wire() = default;
  /// Returns 0 at the peer's orderly end. Throws std::runtime_error when the connection is lost.
  virtual Task<std::size_t> read(std::span<std::uint8_t> to) = 0;
  /// Writes everything; returns false when the peer does not accept it any more.
  virtual Task<bool> write(std::string bytes) = 0;
};

/// TCP, unix sockets, in process.
class StreamWire final : public Wire {
 public:
  explicit StreamWire(std::unique_ptr<transport::ByteStream> stream) : stream_(std::move(stream)) {}

  Task<std::size_t> read(std::span<std::uint8_t> to) override {
    for (;;) {
      const transport::IoResult result = stream_->read(to);
      if (result.error) throw std::runtime_error(result.error.message());
      if (!result.would_block) co_return result.size;
      co_await transport::Readiness{*stream_, transport::Readiness::For::kRead};
    }
  }
  Task<bool> write(std::string bytes) override {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const iovec piece{.iov_base = bytes.data() + written, .iov_len = bytes.size() - written};
      const transport::IoResult result = stream_->write({&piece, 1});
      if (result.error) co_return false;
      if (result.would_block) co_await transport::Readiness{*stream_, transport::Readiness::For::kWrite};
      written += result.size;
    }
    co_return true;
  }

 private:
  std::unique_ptr<transport::ByteStream> stream_;
};

/// Returns a connected socket.
inline int connect_to(const sockaddr* address, socklen_t size) {
  const int descriptor = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(descriptor, address, size) != 0) throw std::runtime_error(std::strerror(errno));
  return descriptor;
}
inline int connect_to_port(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}
inline int connect_to_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

/// Takes the connected socket over.
inline std::unique_ptr<Wire> wire_over(int descriptor) {
  Loop& loop = Loop::require_current("a test");
  return std::make_unique<StreamWire>(transport::make_socket_stream(loop, transport::adopt_socket(loop, descriptor)));
}

}  // namespace tern::test
