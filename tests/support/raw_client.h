// A client that sends what it is given, byte by byte where a test wants it so.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "tern/async/asio.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern::test {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : port_(port) {}

  /// Connects first, where it is not.
  Task<void> write(std::string bytes) {
    if (!socket_.is_open()) {
      co_await socket_.async_connect({boost::asio::ip::address_v4::loopback(), port_}, use_task);
      socket_.set_option(boost::asio::ip::tcp::no_delay{true});
    }
    co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), use_task);
  }
  /// Everything until the server closes; what it says of the end is left out.
  Task<std::string> read_to_end() {
    std::string rest;
    co_await boost::asio::async_read(socket_, boost::asio::dynamic_buffer(rest), boost::asio::as_tuple(use_task));
    co_return rest;
  }
  void close() { socket_.close(); }

 protected:
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  std::uint16_t port_;
  boost::asio::ip::tcp::socket socket_{Loop::require_current("a test").context()};
};

}  // namespace tern::test
