// A proxy that has one buffer for all streams of a client's connection, as HAProxy has: while the first frame in it
// waits for its stream's window at the server, nothing more is read from the client.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "support/frames.h"
#include "tern/async/asio.h"
#include "tern/tern.h"

namespace tern::test {

/// Runs on the loop of the task that makes it. Its connections end with it. Streams have the same numbers on both
/// sides, so that header blocks pass as they are.
class InOrderProxy {
 public:
  using tcp = boost::asio::ip::tcp;

  explicit InOrderProxy(std::uint16_t target)
      : target_(target), acceptor_(context(), {boost::asio::ip::address_v4::loopback(), 0}) {
    group_.spawn(accept_forever());
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  /// How often a frame had to wait for its stream's window.
  [[nodiscard]] std::size_t waits() const { return waits_; }

 private:
  using Bytes = http2::test::Bytes;

  struct Frame {
    http2::FrameHeader header;
    Bytes payload;
  };

  /// One side's socket, with what waits to be written there.
  class End {
   public:
    explicit End(tcp::socket socket) : socket_(std::move(socket)) { socket_.set_option(tcp::no_delay{true}); }

    void write(const Bytes& bytes) {
      unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
      more_.set();
    }
    void write(const Frame& frame) {
      write(http2::test::frame(frame.header.type, frame.header.flags, frame.header.stream, frame.payload));
    }
    /// Returns false at the connection's end.
    Task<bool> read(Bytes& bytes) {
      auto [error, size] =
          co_await boost::asio::async_read(socket_, boost::asio::buffer(bytes), boost::asio::as_tuple(use_task));
      co_return !error;
    }
    Task<bool> read(Frame& frame) {
      Bytes head(http2::kFrameHeaderBytes);
      const bool came = co_await read(head);
      if (!came) co_return false;
      frame.header = http2::read_frame_header(head.data());
      frame.payload.resize(frame.header.length);
      co_return co_await read(frame.payload);
    }
    Task<void> write_forever() {
      for (;;) {
        co_await more_.wait();
        more_.clear();
        const Bytes bytes = std::exchange(unsent_, {});
        auto [error, size] =
            co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), boost::asio::as_tuple(use_task));
        if (error) co_return;
      }
    }
    void close() {
      boost::system::error_code ignored;
      socket_.close(ignored);
    }

   private:
    tcp::socket socket_;
    Bytes unsent_;
    Event more_;
  };

  struct Pair {
    Pair(tcp::socket its_client, tcp::socket its_server)
        : client(std::move(its_client)), server(std::move(its_server)) {}
    void close() {
      client.close();
      server.close();
    }

    End client;
    End server;
    std::int64_t window = http2::kInitialWindow;        // the server's, for the connection
    std::int64_t first_window = http2::kInitialWindow;  // and for a new stream
    std::map<std::uint32_t, std::int64_t> windows;      // of open streams
    Event opened;                                       // one of them was
  };

  static boost::asio::io_context& context() { return Loop::require_current("a proxy").context(); }

  Task<void> accept_forever() {
    for (;;) {
      tcp::socket client = co_await acceptor_.async_accept(use_task);
      tcp::socket server{context()};
      co_await server.async_connect({boost::asio::ip::address_v4::loopback(), target_}, use_task);
      auto pair = std::make_shared<Pair>(std::move(client), std::move(server));
      group_.spawn(pass_up(pair));
      group_.spawn(pass_down(pair));
      group_.spawn(write_to(pair, pair->client));
      group_.spawn(write_to(pair, pair->server));
    }
  }

  static Task<void> write_to(std::shared_ptr<Pair> /*kept*/, End& end) { co_await end.write_forever(); }

  Task<void> pass_up(std::shared_ptr<Pair> pair) {
    Bytes preface(http2::kClientPreface.size());
    bool goes_on = co_await pair->client.read(preface);
    if (goes_on) pair->server.write(preface);
    Frame frame;
    while (goes_on) {
      goes_on = co_await pair->client.read(frame);
      if (!goes_on) break;
      if (frame.header.type == http2::FrameType::kHeaders)
        pair->windows.emplace(frame.header.stream, pair->first_window);
      if (frame.header.type == http2::FrameType::kData) {
        co_await pass_data(*pair, frame);
      } else {
        if (frame.header.type == http2::FrameType::kResetStream) pair->windows.erase(frame.header.stream);
        pair->server.write(frame);
      }
    }
    pair->close();
  }

  /// As the server's windows allow; what was passed on may be sent again by the client.
  Task<void> pass_data(Pair& pair, const Frame& frame) {
    const std::uint32_t stream = frame.header.stream;
    auto from = frame.payload.begin();
    do {
      const auto found = pair.windows.find(stream);
      if (found == pair.windows.end()) break;  // the server has ended it
      const std::int64_t left = frame.payload.end() - from;
      const std::int64_t part = std::min({left, found->second, pair.window});
      if (part <= 0 && left > 0) {
        if (found->second <= 0) ++waits_;
        pair.opened.clear();
        co_await pair.opened.wait();
        continue;
      }
      const bool last = part == left;
      pair.server.write(http2::test::frame(http2::FrameType::kData, last ? frame.header.flags : std::uint8_t{0}, stream,
                                           Bytes(from, from + part)));
      found->second -= part;
      pair.window -= part;
      from += part;
      if (last) break;
    } while (true);
    if (frame.payload.empty()) co_return;
    const auto size = static_cast<std::uint32_t>(frame.payload.size());
    pair.client.write(http2::test::window_update(0, size));
    if (!frame.header.has(http2::flag::kEndStream)) pair.client.write(http2::test::window_update(stream, size));
  }

  static Task<void> pass_down(std::shared_ptr<Pair> pair) {
    Frame frame;
    for (;;) {
      const bool goes_on = co_await pair->server.read(frame);
      if (!goes_on) break;
      const http2::FrameHeader& header = frame.header;
      if (header.type == http2::FrameType::kWindowUpdate) {
        const auto more = static_cast<std::int64_t>(http2::read_u31(frame.payload.data()));
        const auto found = pair->windows.find(header.stream);
        if (header.stream == 0) pair->window += more;
        if (found != pair->windows.end()) found->second += more;
        pair->opened.set();
        continue;
      }
      if (header.type == http2::FrameType::kSettings && !header.has(http2::flag::kAck))
        take_settings(*pair, frame.payload);
      const bool ends = header.type == http2::FrameType::kResetStream || header.has(http2::flag::kEndStream);
      if (ends && header.stream != 0) {
        pair->windows.erase(header.stream);
        pair->opened.set();
      }
      pair->client.write(frame);
    }
    pair->close();
  }

  static void take_settings(Pair& pair, const Bytes& settings) {
    for (std::size_t at = 0; at + 6 <= settings.size(); at += 6) {
      if (static_cast<http2::SettingId>(http2::read_u16(&settings[at])) != http2::SettingId::kInitialWindowSize)
        continue;
      const auto now = static_cast<std::int64_t>(http2::read_u32(&settings[at + 2]));
      const std::int64_t change = now - std::exchange(pair.first_window, now);
      for (auto& [stream, window] : pair.windows) window += change;
    }
  }

  std::uint16_t target_;
  tcp::acceptor acceptor_;
  std::size_t waits_ = 0;
  TaskGroup group_;
};

}  // namespace tern::test
