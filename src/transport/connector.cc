#include "transport/connector.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tern/async/asio.h"
#include "transport/open_socket.h"

namespace tern::transport {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;

Task<std::vector<tcp::endpoint>> resolve(Loop& loop, const Address& address) {
  std::vector<tcp::endpoint> endpoints;
  boost::system::error_code not_numeric;
  const auto numeric = asio::ip::make_address(address.host, not_numeric);
  if (!not_numeric) {
    endpoints.emplace_back(numeric, address.port);
    co_return endpoints;
  }
  tcp::resolver resolver{loop.context()};
  const std::string port = std::to_string(address.port);
  const detail::WorkOutsideLoops looking_up;  // on a thread of Asio's
  auto [error, found] = co_await resolver.async_resolve(address.host, port, asio::as_tuple(use_task));
  if (error) throw std::runtime_error("cannot resolve \"" + address.host + "\": " + error.message());
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

template <class Protocol>
Task<std::unique_ptr<ByteStream>> connect_socket(Loop& loop, typename Protocol::endpoint endpoint) {
  typename Protocol::socket socket{loop.context()};
  boost::system::error_code not_opened;
  open_socket(socket, endpoint.protocol(), not_opened);
  if (not_opened) throw std::runtime_error(not_opened.message());
  auto [error] = co_await socket.async_connect(endpoint, asio::as_tuple(use_task));
  if (error) throw std::runtime_error(error.message());
  co_return make_socket_stream(loop, std::move(socket));
}

}  // namespace

Task<std::vector<Address>> look_up(Loop& loop, Address host) {
  std::vector<Address> addresses;
  if (!host.by_name()) {
    addresses.push_back(std::move(host));
    co_return addresses;
  }
  // A name of this machine, which hosts' files know without its last dot (RFC 6761 §6.3).
  if (host.host == "localhost.") host.host.pop_back();
  const std::vector<tcp::endpoint> endpoints = co_await resolve(loop, host);
  for (const tcp::endpoint& endpoint : endpoints) {
    addresses.push_back(Address{endpoint.address().to_string(), endpoint.port(), {}});
  }
  co_return addresses;
}

Task<std::unique_ptr<ByteStream>> connect_to(Loop& loop, Address address) {
  if (address.handed_in != nullptr) co_return make_socket_stream(loop, adopt_socket(loop, address.handed_in->take()));
  if (address.is_unix()) {
    const Local::endpoint endpoint{address.unix_path};
    co_return co_await connect_socket<Local>(loop, endpoint);
  }
  const tcp::endpoint endpoint{asio::ip::make_address(address.host), address.port};
  co_return co_await connect_socket<tcp>(loop, endpoint);
}

Task<std::unique_ptr<ByteStream>> connect(Loop& loop, std::vector<Address> addresses) {
  std::string failures;
  for (const Address& host : addresses) {
    const std::vector<Address> found = co_await look_up(loop, host);
    for (const Address& address : found) {
      std::string failure;
      try {
        co_return co_await connect_to(loop, address);
      } catch (const std::runtime_error& error) {
        failure = error.what();
      }
      failures += (failures.empty() ? "" : "; ") + address.to_string() + ": " + failure;
    }
  }
  throw std::runtime_error("failed to connect: " + failures);
}

}  // namespace tern::transport
