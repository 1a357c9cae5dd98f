// Either end of an HTTP/2 connection by hand: frames written as a test makes them, and read one after the other.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "http2/hpack_decoder.h"
#include "http2/hpack_encoder.h"
#include "support/frames.h"
#include "tern/async/asio.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern::test {

struct ReceivedFrame {
  http2::FrameHeader header;
  http2::test::Bytes payload;
};

using FieldList = std::vector<std::pair<std::string, std::string>>;

/// The first value of this name; empty when there is none.
inline std::string value_of(const FieldList& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

class FrameSocket {
 public:
  explicit FrameSocket(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  Task<void> write(http2::test::Bytes bytes) {
    co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), use_task);
  }
  Task<ReceivedFrame> read() {
    http2::test::Bytes head(http2::kFrameHeaderBytes);
    co_await boost::asio::async_read(socket_, boost::asio::buffer(head), use_task);
    ReceivedFrame frame{http2::read_frame_header(head.data()), {}};
    frame.payload.resize(frame.header.length);
    co_await boost::asio::async_read(socket_, boost::asio::buffer(frame.payload), use_task);
    co_return frame;
  }
  /// Reads on until a frame of this type.
  Task<ReceivedFrame> read_until(http2::FrameType type) {
    for (;;) {
      ReceivedFrame frame = co_await read();
      if (frame.header.type == type) co_return frame;
    }
  }
  /// Waits until the peer has received all that was written to it: until it has answered a PING.
  Task<void> settle() {
    co_await write(http2::test::frame(http2::FrameType::kPing, 0, 0, http2::test::Bytes(8)));
    for (;;) {
      const ReceivedFrame frame = co_await read_until(http2::FrameType::kPing);
      if (frame.header.has(http2::flag::kAck)) co_return;
    }
  }

  /// HEADERS with these fields; blocks must be written in the order in which they were made.
  http2::test::Bytes headers(std::uint32_t stream, const FieldList& fields, std::uint8_t flags = 0) {
    std::vector<http2::HeaderField> views;
    for (const auto& [name, value] : fields) views.push_back({name, value, false});
    http2::test::Bytes block;
    encoder_.encode(views, block);
    return http2::test::frame(http2::FrameType::kHeaders, static_cast<std::uint8_t>(http2::flag::kEndHeaders | flags),
                              stream, block);
  }
  /// The fields of a HEADERS frame that is a block as a whole.
  FieldList fields_of(const ReceivedFrame& frame) {
    struct Collected final : http2::HpackDecoder::Fields {
      FieldList list;
      void on_field(const http2::HeaderBlock::Field& field, http2::FieldId /*id*/) override {
        list.emplace_back(field.name, field.value);
      }
    } collected;
    decoder_.decode(frame.payload, collected);
    return collected.list;
  }

 private:
  boost::asio::ip::tcp::socket socket_;
  http2::HpackEncoder encoder_;
  http2::HpackDecoder decoder_;
};

/// A server for one connection.
class ScriptedServer {
 public:
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// The connection, after both sides' SETTINGS; `settings` is the list of this side's.
  Task<FrameSocket> accept(http2::test::Bytes settings = {}) {
    boost::asio::ip::tcp::socket socket = co_await acceptor_.async_accept(use_task);
    std::string preface(http2::kClientPreface.size(), '\0');
    co_await boost::asio::async_read(socket, boost::asio::buffer(preface), use_task);
    FrameSocket frames{std::move(socket)};
    co_await frames.write(http2::test::settings(settings));
    co_await frames.read_until(http2::FrameType::kSettings);
    co_await frames.write(http2::test::frame(http2::FrameType::kSettings, http2::flag::kAck, 0));
    co_return frames;
  }

 private:
  boost::asio::ip::tcp::acceptor acceptor_{Loop::require_current("a test").context(),
                                           boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
};

/// A client's connection to the server on this port of loopback, after its SETTINGS.
inline Task<FrameSocket> connect_frames(std::uint16_t port, http2::test::Bytes settings = {}) {
  using http2::test::operator+;
  boost::asio::ip::tcp::socket socket{Loop::require_current("a test").context()};
  co_await socket.async_connect({boost::asio::ip::address_v4::loopback(), port}, use_task);
  FrameSocket frames{std::move(socket)};
  co_await frames.write(http2::test::Bytes(http2::kClientPreface.begin(), http2::kClientPreface.end()) +
                        http2::test::settings(settings));
  co_return frames;
}

/// A length-prefixed message.
inline http2::test::Bytes message_bytes(std::string_view content = {}, bool compressed = false) {
  using http2::test::operator+;
  return http2::test::Bytes{static_cast<std::uint8_t>(compressed)} +
         http2::test::u32(static_cast<std::uint32_t>(content.size())) +
         http2::test::Bytes(content.begin(), content.end());
}

inline http2::test::Bytes data_frame(std::uint32_t stream, const http2::test::Bytes& content, std::uint8_t flags = 0) {
  return http2::test::frame(http2::FrameType::kData, flags, stream, content);
}

}  // namespace tern::test
