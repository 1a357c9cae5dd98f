// A proxy that ends TLS before servers without it, and agrees on a protocol (ALPN) as a test wants it. Its TLS is
// Asio's and not tern's.
#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/consign.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/certificates.h"
#include "tern/async/asio.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"

namespace tern::test {

/// Runs on the loop of the task that makes it. Its connections end with it.
class TlsProxy {
 public:
  using tcp = boost::asio::ip::tcp;

  /// The port of loopback that takes each protocol, in order of preference: "h2", "http/1.1". "" takes connections
  /// without a protocol.
  using Targets = std::vector<std::pair<std::string, std::uint16_t>>;

  /// The certificate is "server" of `certificates`.
  TlsProxy(const Certificates& certificates, Targets targets) : targets_(std::move(targets)) {
    context_.use_certificate_chain_file(certificates.file("server.pem"));
    context_.use_private_key_file(certificates.file("server.key"), boost::asio::ssl::context::pem);
    SSL_CTX_set_alpn_select_cb(context_.native_handle(), choose, this);
    group_.spawn(accept_forever());
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port()); }
  /// Connections that spoke this protocol.
  [[nodiscard]] int connections(const std::string& protocol) const {
    const auto found = connections_.find(protocol);
    return found == connections_.end() ? 0 : found->second;
  }

 private:
  using TlsSocket = boost::asio::ssl::stream<tcp::socket>;
  /// One client, and its server. Asio's TLS uses a stream and its buffer until an operation has ended, also when nobody
  /// waits for that any more: each operation therefore shares the pair.
  struct Pair {
    explicit Pair(TlsSocket its_client) : client(std::move(its_client)) {}
    using Buffer = std::array<char, std::size_t{16} * 1024>;
    TlsSocket client;
    tcp::socket server{loop()};
    Buffer from_client{};
    Buffer from_server{};
  };
  /// Waits for an operation of the pair, whose errors are values.
  static auto with(const std::shared_ptr<Pair>& pair) {
    return boost::asio::consign(boost::asio::as_tuple(use_task), pair);
  }

  static boost::asio::io_context& loop() { return Loop::require_current("a proxy").context(); }

  static int choose(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* self) {
    for (const auto& [name, port] : static_cast<TlsProxy*>(self)->targets_) {
      for (unsigned int at = 0; at < offered_size; at += offered[at] + 1U) {
        if (std::string_view{reinterpret_cast<const char*>(offered) + at + 1, offered[at]} != name) continue;
        *chosen = offered + at + 1;
        *size = offered[at];
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  [[nodiscard]] std::uint16_t target_of(const std::string& protocol) const {
    for (const auto& [name, port] : targets_) {
      if (name == protocol) return port;
    }
    return 0;
  }

  Task<void> accept_forever() {
    for (;;) {
      tcp::socket socket = co_await acceptor_.async_accept(use_task);
      socket.set_option(tcp::no_delay{true});
      group_.spawn(serve(std::make_shared<Pair>(TlsSocket{std::move(socket), context_})));
    }
  }

  Task<void> serve(std::shared_ptr<Pair> pair) {
    auto [handshake] = co_await pair->client.async_handshake(boost::asio::ssl::stream_base::server, with(pair));
    if (handshake) co_return;
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(pair->client.native_handle(), &name, &size);
    const std::string protocol{reinterpret_cast<const char*>(name), size};
    ++connections_[protocol];
    const tcp::endpoint target{boost::asio::ip::address_v4::loopback(), target_of(protocol)};
    auto [error] = co_await pair->server.async_connect(target, with(pair));
    if (error) co_return;
    pair->server.set_option(tcp::no_delay{true});
    group_.spawn(pass(pair, pair->client, pair->server, pair->from_client));
    group_.spawn(pass(pair, pair->server, pair->client, pair->from_server));
  }

  /// The end of one way ends both.
  template <class From, class To>
  static Task<void> pass(std::shared_ptr<Pair> pair, From& from, To& to, Pair::Buffer& buffer) {
    for (;;) {
      auto [read_error, size] = co_await from.async_read_some(boost::asio::buffer(buffer), with(pair));
      if (read_error) break;
      const auto read = boost::asio::buffer(buffer.data(), size);
      auto [write_error, written] = co_await boost::asio::async_write(to, read, with(pair));
      if (write_error) break;
    }
    boost::system::error_code ignored;
    pair->client.lowest_layer().close(ignored);
    pair->server.close(ignored);
  }

  Targets targets_;
  std::map<std::string, int> connections_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{loop(), {boost::asio::ip::address_v4::loopback(), 0}};
  TaskGroup group_;
};

}  // namespace tern::test
