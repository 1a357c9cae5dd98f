#include "transport/socket_stream.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "transport/descriptor_stock.h"

namespace tern::transport {

namespace {

namespace asio = boost::asio;

// What the kernel holds for a peer beyond what is on its way: it would take megabytes of each that reads nothing, and
// what is in there can neither be counted nor be overtaken.
void hold_little_unsent(Socket& socket) {
  constexpr int kBytes = 128 * 1024;
  static_cast<void>(::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kBytes, sizeof kBytes));
}

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

std::string describe(const Socket::endpoint_type& endpoint, const boost::system::error_code& error) {
  return error ? "unknown" : endpoint_name(endpoint);
}

/// A path, or an abstract name behind a zero byte; empty for a socket that is not bound.
std::string name_of_unix(const Socket::endpoint_type& endpoint) {
  sockaddr_un address{};
  if (endpoint.size() > sizeof address) return "unknown";
  std::memcpy(&address, endpoint.data(), endpoint.size());
  constexpr std::size_t kBefore = offsetof(sockaddr_un, sun_path);
  std::string name{address.sun_path, endpoint.size() > kBefore ? endpoint.size() - kBefore : 0};
  if (name.starts_with('\0')) return "unix-abstract:" + name.substr(1);
  return "unix:" + name.substr(0, name.find('\0'));
}

class SocketStream final : public ByteStream {
 public:
  SocketStream(Loop& loop, Socket socket) : state_(std::make_shared<State>(loop, std::move(socket))) {
    traffic().connections_opened.add();
    asio::use_service<DescriptorStock>(loop.context())
        .reach(traffic().connections_opened.value() - traffic().connections_closed.value());
    Socket& mine = state_->socket;
    mine.non_blocking(true);
    if (mine.local_endpoint().protocol().family() != AF_UNIX) {
      boost::system::error_code ignored;
      mine.set_option(asio::ip::tcp::no_delay(true), ignored);
      hold_little_unsent(mine);
    }
  }
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;
  ~SocketStream() override {
    traffic().connections_closed.add();
    state_->alive = false;
    boost::system::error_code ignored;
    state_->socket.close(ignored);
  }

  IoResult read(std::span<std::uint8_t> to) override {
    return moved(::recv(state_->socket.native_handle(), to.data(), to.size(), 0), traffic().bytes_received);
  }

  IoResult write(std::span<const iovec> pieces) override {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return moved(::sendmsg(state_->socket.native_handle(), &message, MSG_NOSIGNAL), traffic().bytes_sent);
  }

  void want_read(ByteStreamEvents& events) override {
    if (std::exchange(state_->reader, &events) != nullptr) return;
    state_->socket.async_wait(Socket::wait_read, Reading{state_});
  }
  void want_write(ByteStreamEvents& events) override {
    if (std::exchange(state_->writer, &events) != nullptr) return;
    state_->socket.async_wait(Socket::wait_write, Writing{state_});
  }

  bool shut_down_writing() override {
    static_cast<void>(::shutdown(state_->socket.native_handle(), SHUT_WR));  // fails where the peer is gone already
    return true;
  }
  [[nodiscard]] std::size_t undelivered() const override {
    int bytes = 0;
    const bool known = ::ioctl(state_->socket.native_handle(), SIOCOUTQ, &bytes) == 0;
    return known && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }

  [[nodiscard]] std::string peer() const override {
    boost::system::error_code error;
    const auto endpoint = state_->socket.remote_endpoint(error);
    return describe(endpoint, error);
  }
  [[nodiscard]] std::string local() const override {
    boost::system::error_code error;
    const auto endpoint = state_->socket.local_endpoint(error);
    return describe(endpoint, error);
  }

 private:
  // Shared with the handlers that Asio holds, which may run once more after the stream is gone.
  struct State {
    State(Loop& its_loop, Socket its_socket) : loop(its_loop), socket(std::move(its_socket)) {}
    Loop& loop;
    Socket socket;
    bool alive = true;
    // Receivers of the events that are asked for.
    ByteStreamEvents* reader = nullptr;
    ByteStreamEvents* writer = nullptr;
  };
  struct Reading {
    std::shared_ptr<State> state;
    void operator()(const boost::system::error_code& /*seen on reading*/) const {
      const Loop::Turn turn{state->loop};
      if (state->alive) std::exchange(state->reader, nullptr)->on_readable();
    }
  };
  struct Writing {
    std::shared_ptr<State> state;
    void operator()(const boost::system::error_code& /*seen on writing*/) const {
      const Loop::Turn turn{state->loop};
      if (state->alive) std::exchange(state->writer, nullptr)->on_writable();
    }
  };

  static IoResult moved(ssize_t size, Counter& counter) {
    if (size >= 0) {
      counter.add(static_cast<std::size_t>(size));
      return {.size = static_cast<std::size_t>(size), .would_block = false, .error = {}};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {.size = 0, .would_block = true, .error = {}};
    return {.size = 0, .would_block = false, .error = last_error()};
  }

  [[nodiscard]] LoopTraffic& traffic() const noexcept { return state_->loop.traffic(); }

  std::shared_ptr<State> state_;
};

}  // namespace

std::string endpoint_name(const Socket::endpoint_type& endpoint) {
  if (endpoint.protocol().family() == AF_UNIX) return name_of_unix(endpoint);
  asio::ip::tcp::endpoint tcp;
  if (endpoint.size() > tcp.capacity()) return "unknown";
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  tcp.resize(endpoint.size());
  asio::ip::address address = tcp.address();
  // A socket for both families sees an IPv4 peer under a mapped address (RFC 4291 §2.5.5.2).
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  const std::string text = address.to_string();
  return (address.is_v4() ? "ipv4:" + text : "ipv6:[" + text + "]") + ":" + std::to_string(tcp.port());
}

asio::generic::stream_protocol protocol_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int type = 0;
  socklen_t type_size = sizeof type;
  const bool is_socket = ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
                         ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0;
  if (!is_socket || type != SOCK_STREAM) {
    throw std::runtime_error("fd:" + std::to_string(descriptor) +
                             " is no stream socket: " + (is_socket ? "it has another type" : last_error().message()));
  }
  return {address.ss_family, address.ss_family == AF_UNIX ? 0 : IPPROTO_TCP};
}

Socket adopt_socket(Loop& loop, int descriptor) {
  const asio::generic::stream_protocol protocol = protocol_of(descriptor);
  static_cast<void>(::fcntl(descriptor, F_SETFD, FD_CLOEXEC));
  return Socket{loop.context(), protocol, descriptor};
}

std::unique_ptr<ByteStream> make_socket_stream(Loop& loop, Socket socket) {
  return std::make_unique<SocketStream>(loop, std::move(socket));
}

}  // namespace tern::transport
