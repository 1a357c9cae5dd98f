#include "transport/acceptor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tern/async/asio.h"
#include "tern/async/sleep.h"
#include "text/log.h"
#include "transport/open_socket.h"
#include "transport/unix_socket_file.h"

namespace tern::transport {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using boost::system::error_code;
using Acceptors = std::vector<std::unique_ptr<Acceptor>>;

constexpr int kPortAttempts = 20;

[[noreturn]] void refuse(const Address& address, const std::string& why) {
  throw std::runtime_error("cannot listen on " + address.to_string() + ": " + why);
}

std::string explain(const error_code& error) {
  if (error == asio::error::address_in_use)
    return "the port is in use by another process, or by another listen() of this one";
  if (error == asio::error::access_denied) return "permission denied (ports below 1024 need privileges)";
  return error.message();
}

// Connections that are accepted before the first of them is served.
constexpr int kMostAtOnce = 16;

/// No connection is there, or it has gone again: no reason to wait.
bool is_passing(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ECONNABORTED || error == EPROTO;
}

template <class Protocol>
class SocketAcceptor final : public Acceptor {
 public:
  SocketAcceptor(Loop& loop, Address address, asio::basic_socket_acceptor<Protocol> acceptor,
                 std::shared_ptr<UnixSocketFile> file = nullptr)
      : loop_(loop),
        address_(std::move(address)),
        acceptor_(std::move(acceptor)),
        descriptor_(acceptor_.native_handle()),
        file_(std::move(file)),
        protocol_(protocol_of(descriptor_)) {
    acceptor_.native_non_blocking(true);
  }
  SocketAcceptor(const SocketAcceptor&) = delete;
  SocketAcceptor& operator=(const SocketAcceptor&) = delete;
  ~SocketAcceptor() override = default;

  [[nodiscard]] const Address& address() const noexcept override { return address_; }
  [[nodiscard]] std::string name() const override {
    return address_.handed_in == nullptr ? address_.to_string() : endpoint_name(acceptor_.local_endpoint());
  }

  [[nodiscard]] ListeningSocket duplicate(std::string name) const override {
    const int copy = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) refuse(address_, std::string{"cannot duplicate the socket: "} + std::strerror(errno));
    return ListeningSocket{std::move(name), copy, file_};
  }

  Task<void> accept_forever(std::function<void(Loop&, Socket)> accepted) override {
    for (;;) {
      auto [error] = co_await acceptor_.async_wait(asio::socket_base::wait_read, asio::as_tuple(use_task));
      int failure = error.value();
      for (int left = kMostAtOnce; failure == 0 && left > 0; --left) failure = accept_one(accepted);
      if (failure == 0 || is_passing(failure)) continue;
      // Out of descriptors or memory: those who wait to connect wait on, and so does this loop for a moment.
      log_warning("transport", "accepting on {}: {}", address_.to_string(), std::strerror(failure));
      co_await sleep(std::chrono::milliseconds{100});
    }
  }

 private:
  /// Accepts a connection, if there is one, for the loop whose turn it is. Returns 0, or errno's reason. It takes the
  /// socket from the kernel itself, because Asio's accept leaves it open in programs that this process starts.
  int accept_one(const std::function<void(Loop&, Socket)>& accepted) {
    const int descriptor = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return errno;
    const std::span<Loop* const> loops = loop_.siblings();
    Loop& target = *loops[next_++ % loops.size()];
    Socket socket{target.context()};
    error_code error;
    socket.assign(protocol_, descriptor, error);
    if (error) {
      ::close(descriptor);
      return error.value();
    }
    if (&target == &loop_) {
      accepted(target, std::move(socket));
    } else {
      auto handed_over = std::make_shared<Socket>(std::move(socket));
      target.post([&target, accepted, handed_over] { accepted(target, std::move(*handed_over)); });
    }
    return 0;
  }

  Loop& loop_;
  Address address_;
  asio::basic_socket_acceptor<Protocol> acceptor_;
  int descriptor_;
  std::shared_ptr<UnixSocketFile> file_;  // of a unix socket that this process made, or got from the one before it
  asio::generic::stream_protocol protocol_;
  std::size_t next_ = 0;  // among the loops
};

std::unique_ptr<Acceptor> listen_unix(Loop& loop, const Address& address) {
  UnixSocketFile::remove_stale(address.unix_path);
  Local::acceptor acceptor{loop.context()};
  error_code error;
  open_socket(acceptor, Local{}, error);
  if (!error) acceptor.bind(Local::endpoint{address.unix_path}, error);
  if (error) refuse(address, explain(error));
  auto file = std::make_shared<UnixSocketFile>(address.unix_path);
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) refuse(address, explain(error));
  return std::make_unique<SocketAcceptor<Local>>(loop, address, std::move(acceptor), std::move(file));
}

/// `address` stands for a socket that was handed in; its port is filled in here.
std::unique_ptr<Acceptor> accept_from(Loop& loop, Address address, int descriptor,
                                      std::shared_ptr<UnixSocketFile> file) {
  using Any = asio::generic::stream_protocol;
  const Any protocol = protocol_of(descriptor);
  asio::basic_socket_acceptor<Any> acceptor{loop.context(), protocol, descriptor};
  if (protocol.family() != AF_UNIX) {
    const auto endpoint = acceptor.local_endpoint();
    tcp::endpoint tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    address.port = tcp.port();
  }
  return std::make_unique<SocketAcceptor<Any>>(loop, std::move(address), std::move(acceptor), std::move(file));
}

std::unique_ptr<Acceptor> listen_handed_in(Loop& loop, const Address& address) {
  const int descriptor = address.handed_in->take();
  static_cast<void>(::fcntl(descriptor, F_SETFD, FD_CLOEXEC));
  static_cast<void>(protocol_of(descriptor));  // throws when it is not a stream socket
  if (!ListeningSocket::listens(descriptor)) refuse(address, "the socket does not listen");
  return accept_from(loop, address, descriptor, nullptr);
}

error_code bind_tcp(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool reuse_port) {
  error_code error;
  open_socket(acceptor, endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (reuse_port) {
    const asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT> option{true};
    acceptor.set_option(option, error);
    if (error) return error;
  }
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

/// The machine has no such address, or not the family: not the fault of who asked for all of a name's addresses.
bool is_missing_here(const error_code& error) {
  return error == asio::error::address_family_not_supported || error == boost::system::errc::address_not_available;
}

/// Listens on each of a name's addresses, on the same port.
error_code listen_on_all(Loop& loop, const Address& address, const std::vector<tcp::endpoint>& endpoints,
                         bool reuse_port, Acceptors& acceptors) {
  acceptors.clear();
  Address bound = address;
  error_code missing;
  for (tcp::endpoint endpoint : endpoints) {
    endpoint.port(bound.port);
    tcp::acceptor acceptor{loop.context()};
    error_code error = bind_tcp(acceptor, endpoint, reuse_port);
    if (is_missing_here(error) && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
      endpoint.address(asio::ip::address_v4::any());
      acceptor = tcp::acceptor{loop.context()};
      error = bind_tcp(acceptor, endpoint, reuse_port);
    }
    if (is_missing_here(error)) {
      missing = error;
      continue;
    }
    if (error) return error;
    bound.port = acceptor.local_endpoint().port();
    if (endpoints.size() > 1) bound.host = endpoint.address().to_string();
    acceptors.push_back(std::make_unique<SocketAcceptor<tcp>>(loop, bound, std::move(acceptor)));
  }
  return acceptors.empty() ? missing : error_code{};
}

Acceptors listen_tcp(Loop& loop, const Address& address, bool reuse_port) {
  error_code error;
  tcp::resolver resolver{loop.context()};
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error) refuse(address, "unknown host (" + error.message() + ")");
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) {
    const auto known = std::find(endpoints.begin(), endpoints.end(), entry.endpoint());
    if (known == endpoints.end()) endpoints.push_back(entry.endpoint());
  }
  // The free port that the first address gets may be taken on another one.
  int attempts = address.port == 0 && endpoints.size() > 1 ? kPortAttempts : 1;
  Acceptors acceptors;
  do {
    error = listen_on_all(loop, address, endpoints, reuse_port, acceptors);
  } while (error == asio::error::address_in_use && --attempts > 0);
  if (error) refuse(address, explain(error));
  return acceptors;
}

Acceptors one(std::unique_ptr<Acceptor> acceptor) {
  Acceptors acceptors;
  acceptors.push_back(std::move(acceptor));
  return acceptors;
}

}  // namespace

std::unique_ptr<Acceptor> Acceptor::adopt(Loop& loop, ListeningSocket socket) {
  std::shared_ptr<UnixSocketFile> file = socket.file();
  const int descriptor = socket.release();
  Address address;
  address.handed_in = std::make_shared<HandedInSocket>(descriptor);
  return accept_from(loop, std::move(address), descriptor, std::move(file));
}

std::vector<std::unique_ptr<Acceptor>> Acceptor::listen(Loop& loop, const Address& address, bool reuse_port) {
  if (address.handed_in != nullptr) return one(listen_handed_in(loop, address));
  if (address.is_unix()) return one(listen_unix(loop, address));
  return listen_tcp(loop, address, reuse_port);
}

}  // namespace tern::transport
