#include "transport/acceptor.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tern/async/asio.h"
#include "tern/async/sleep.h"

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
  if (error == asio::error::address_in_use) return "the port is in use by another process";
  if (error == asio::error::access_denied) return "permission denied (ports below 1024 need privileges)";
  return error.message();
}

/// A unix socket file that no process listens on is left over from one that was killed.
void remove_stale_socket(asio::io_context& context, const Address& address) {
  struct stat status{};
  if (::stat(address.unix_path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  Local::socket probe{context};
  error_code error;
  probe.connect(Local::endpoint{address.unix_path}, error);
  if (error == asio::error::connection_refused) ::unlink(address.unix_path.c_str());
}

template <class Protocol>
class SocketAcceptor final : public Acceptor {
 public:
  SocketAcceptor(Loop& loop, Address address, asio::basic_socket_acceptor<Protocol> acceptor)
      : loop_(loop), address_(std::move(address)), acceptor_(std::move(acceptor)) {}
  SocketAcceptor(const SocketAcceptor&) = delete;
  SocketAcceptor& operator=(const SocketAcceptor&) = delete;
  ~SocketAcceptor() override {
    if (address_.is_unix()) ::unlink(address_.unix_path.c_str());
  }

  [[nodiscard]] const Address& address() const noexcept override { return address_; }

  Task<void> accept_forever(std::function<void(Loop&, Socket)> accepted) override {
    const std::span<Loop* const> loops = loop_.siblings();
    for (std::size_t next = 0;; next = (next + 1) % loops.size()) {
      Loop& target = *loops[next];
      auto [error, socket] = co_await acceptor_.async_accept(target.context(), asio::as_tuple(use_task));
      if (error) {
        // Out of descriptors or memory: those who wait to connect wait on, and so does this loop for a moment.
        spdlog::warn("accepting on {}: {}", address_.to_string(), error.message());
        co_await sleep(std::chrono::milliseconds{100});
      } else if (&target == &loop_) {
        accepted(target, std::move(socket));
      } else {
        auto handed_over = std::make_shared<Socket>(std::move(socket));
        target.post([&target, accepted, handed_over] { accepted(target, std::move(*handed_over)); });
      }
    }
  }

 private:
  Loop& loop_;
  Address address_;
  asio::basic_socket_acceptor<Protocol> acceptor_;
};

std::unique_ptr<Acceptor> listen_unix(Loop& loop, const Address& address) {
  remove_stale_socket(loop.context(), address);
  Local::acceptor acceptor{loop.context()};
  error_code error;
  acceptor.open(Local{}, error);
  if (!error) acceptor.bind(Local::endpoint{address.unix_path}, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) refuse(address, explain(error));
  return std::make_unique<SocketAcceptor<Local>>(loop, address, std::move(acceptor));
}

std::unique_ptr<Acceptor> listen_handed_in(Loop& loop, const Address& address) {
  using Any = asio::generic::stream_protocol;
  const int descriptor = address.handed_in->take();
  const Any protocol = protocol_of(descriptor);
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    refuse(address, "the socket does not listen");
  }
  asio::basic_socket_acceptor<Any> acceptor{loop.context(), protocol, descriptor};
  Address bound = address;
  if (protocol.family() != AF_UNIX) {
    const auto endpoint = acceptor.local_endpoint();
    tcp::endpoint tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    bound.port = tcp.port();
  }
  return std::make_unique<SocketAcceptor<Any>>(loop, std::move(bound), std::move(acceptor));
}

error_code bind_tcp(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool reuse_port) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
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

std::vector<std::unique_ptr<Acceptor>> Acceptor::listen(Loop& loop, const Address& address, bool reuse_port) {
  if (address.handed_in != nullptr) return one(listen_handed_in(loop, address));
  if (address.is_unix()) return one(listen_unix(loop, address));
  return listen_tcp(loop, address, reuse_port);
}

}  // namespace tern::transport
