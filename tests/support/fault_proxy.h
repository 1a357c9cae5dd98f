// A proxy between a client and a server that delays, splits, cuts, resets and holds up what passes, at any byte.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "tern/async/asio.h"
#include "tern/tern.h"

namespace tern::test {

/// What happens to the bytes of one direction.
struct Fault {
  enum class Kind {
    kNone,
    kClose,  // both connections are closed
    kReset,  // and their peers told so (RST)
    kHang,   // nothing passes any more, either way, and nobody is told
  };
  Kind kind = Kind::kNone;
  /// So many bytes pass before it happens.
  std::size_t after = std::numeric_limits<std::size_t>::max();
  /// The longest piece that is passed on at once, and how long it is kept first.
  std::size_t piece = std::size_t{64} * 1024;
  std::chrono::microseconds delay{0};
};

/// Runs on the loop of the task that makes it. Its connections end with it.
class FaultProxy {
 public:
  using tcp = boost::asio::ip::tcp;

  /// For the next connection that comes; those after it have none.
  Fault to_server;
  Fault to_client;

  explicit FaultProxy(std::uint16_t target)
      : target_(target), acceptor_(context(), {boost::asio::ip::address_v4::loopback(), 0}) {
    group_.spawn(accept_forever());
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  /// Bytes that passed on the newest connection.
  [[nodiscard]] std::size_t passed_to_server() const { return newest_ ? newest_->up.passed : 0; }
  [[nodiscard]] std::size_t passed_to_client() const { return newest_ ? newest_->down.passed : 0; }

 private:
  struct Way {
    Fault fault;
    std::size_t passed = 0;
  };
  struct Pair {
    Pair(tcp::socket its_client, tcp::socket its_server)
        : client(std::move(its_client)), server(std::move(its_server)) {}
    tcp::socket client;
    tcp::socket server;
    Way up;
    Way down;
    bool hangs = false;
    Event never;
  };

  static boost::asio::io_context& context() { return Loop::require_current("a proxy").context(); }

  Task<void> accept_forever() {
    for (;;) {
      tcp::socket client = co_await acceptor_.async_accept(use_task);
      tcp::socket server{context()};
      auto [error] = co_await server.async_connect({boost::asio::ip::address_v4::loopback(), target_},
                                                   boost::asio::as_tuple(use_task));
      if (error) continue;  // the client's connection ends too
      client.set_option(tcp::no_delay{true});
      server.set_option(tcp::no_delay{true});
      auto pair = std::make_shared<Pair>(std::move(client), std::move(server));
      pair->up.fault = std::exchange(to_server, {});
      pair->down.fault = std::exchange(to_client, {});
      newest_ = pair;
      group_.spawn(pass(pair, pair->client, pair->server, pair->up));
      group_.spawn(pass(pair, pair->server, pair->client, pair->down));
    }
  }

  static Task<void> pass(std::shared_ptr<Pair> pair, tcp::socket& from, tcp::socket& to, Way& way) {
    const Fault& fault = way.fault;
    std::string buffer(fault.piece, '\0');
    for (;;) {
      if (way.passed >= fault.after) co_return co_await strike(*pair, fault.kind);
      auto [read_error, size] =
          co_await from.async_read_some(boost::asio::buffer(buffer), boost::asio::as_tuple(use_task));
      if (pair->hangs) co_await pair->never.wait();
      boost::system::error_code ignored;
      if (read_error) {
        to.shutdown(tcp::socket::shutdown_send, ignored);
        co_return;
      }
      if (fault.delay.count() > 0) co_await sleep(fault.delay);
      const std::size_t part = std::min(size, fault.after - way.passed);
      auto [write_error, written] = co_await boost::asio::async_write(to, boost::asio::buffer(buffer.data(), part),
                                                                      boost::asio::as_tuple(use_task));
      way.passed += written;
      if (write_error) {
        from.shutdown(tcp::socket::shutdown_receive, ignored);
        co_return;
      }
    }
  }

  static Task<void> strike(Pair& pair, Fault::Kind kind) {
    if (kind == Fault::Kind::kHang) {
      pair.hangs = true;
      co_await pair.never.wait();
    }
    boost::system::error_code ignored;
    for (tcp::socket* socket : {&pair.client, &pair.server}) {
      if (kind == Fault::Kind::kReset) socket->set_option(tcp::socket::linger{true, 0}, ignored);
      socket->close(ignored);
    }
  }

  std::uint16_t target_;
  tcp::acceptor acceptor_;
  std::shared_ptr<Pair> newest_;
  TaskGroup group_;
};

}  // namespace tern::test
