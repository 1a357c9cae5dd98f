// An HTTP/2 client by hand that makes one request and reads its response at a pace of the test's choice. It answers
// SETTINGS and PING, opens windows, and counts what arrives.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http2/hpack_encoder.h"
#include "support/frames.h"
#include "support/wire.h"
#include "tern/tern.h"

namespace tern::test {

using http2::test::operator+;

/// Until the server has written all that it had to say, and ended its connections.
inline Task<void> until_no_connection_is_left(Server& server) {
  for (;;) {
    const ServerInfo info = co_await server.inspect();
    if (info.connections.empty()) co_return;
    co_await sleep(std::chrono::milliseconds{1});
  }
}

class PacedClient {
 public:
  explicit PacedClient(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}

  /// Sends the request. `window`: for the connection and for each stream, in bytes.
  Task<void> ask(std::string path, std::string content_type, http2::test::Bytes body, std::uint32_t window) {
    using http2::test::frame;
    http2::test::Bytes block;
    http2::HpackEncoder encoder;
    const bool has_body = !body.empty();
    encoder.encode(std::vector<http2::HeaderField>{{":method", has_body ? "POST" : "GET"},
                                                   {":scheme", "http"},
                                                   {":path", path},
                                                   {":authority", "a"},
                                                   {"content-type", content_type},
                                                   {"te", "trailers"}},
                   block);
    std::string text{http2::kClientPreface};
    const auto append = [&text](const http2::test::Bytes& more) { text.append(more.begin(), more.end()); };
    append(http2::test::settings(http2::test::setting(http2::SettingId::kInitialWindowSize, window)));
    if (window > kFirstWindow) append(http2::test::window_update(0, window - kFirstWindow));
    const unsigned end = has_body ? 0U : http2::flag::kEndStream;
    append(frame(http2::FrameType::kHeaders, static_cast<std::uint8_t>(http2::flag::kEndHeaders | end), 1, block));
    if (has_body) append(frame(http2::FrameType::kData, http2::flag::kEndStream, 1, body));
    const bool written = co_await wire_->write(std::move(text));
    if (!written) throw std::runtime_error("the server does not accept a request");
  }

  /// Reads at most `most` bytes and answers what has come whole. Returns false at the server's end.
  Task<bool> read(std::size_t most) {
    std::vector<std::uint8_t> bytes(most);
    const std::size_t size = co_await wire_->read(bytes);
    if (size == 0) co_return false;
    received_.insert(received_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string answers = take_frames();
    if (!answers.empty()) co_await send(answers);
    co_return true;
  }
  /// A WINDOW_UPDATE and a PING, as a client sends them at any time.
  Task<void> say_something() {
    using http2::test::frame;
    const http2::test::Bytes bytes =
        http2::test::window_update(0, 1) + frame(http2::FrameType::kPing, 0, 0, http2::test::Bytes(8, 'p'));
    co_await send({bytes.begin(), bytes.end()});
  }

  /// Bytes of DATA so far.
  [[nodiscard]] std::size_t data() const noexcept { return data_; }
  /// Whether the response has ended.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Whether the server closed before this client did. Many clients then drop what they have not read.
  [[nodiscard]] bool shut_out() const noexcept { return shut_out_; }
  [[nodiscard]] bool told_to_go() const noexcept { return go_aways_ > 0; }

 private:
  static constexpr std::uint32_t kFirstWindow = http2::kInitialWindow;

  Task<void> send(std::string bytes) {
    const bool written = co_await wire_->write(std::move(bytes));
    if (!written) shut_out_ = true;
  }

  /// Returns what has to be answered.
  std::string take_frames() {
    http2::test::Bytes answers;
    std::size_t at = 0;
    while (received_.size() - at >= http2::kFrameHeaderBytes) {
      const http2::FrameHeader header = http2::read_frame_header(received_.data() + at);
      const std::size_t whole = http2::kFrameHeaderBytes + header.length;
      if (received_.size() - at < whole) break;
      const http2::test::Bytes payload{received_.begin() + static_cast<std::ptrdiff_t>(at + http2::kFrameHeaderBytes),
                                       received_.begin() + static_cast<std::ptrdiff_t>(at + whole)};
      answers = answers + answer(header, payload);
      at += whole;
    }
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
    return {answers.begin(), answers.end()};
  }

  http2::test::Bytes answer(const http2::FrameHeader& header, const http2::test::Bytes& payload) {
    using http2::test::frame;
    if (header.stream == 1 && header.has(http2::flag::kEndStream)) ended_ = true;
    switch (header.type) {
      case http2::FrameType::kData:
        data_ += header.length;
        if (header.length == 0) return {};
        return http2::test::window_update(0, header.length) + http2::test::window_update(1, header.length);
      case http2::FrameType::kSettings:
        if (!header.has(http2::flag::kAck)) return frame(http2::FrameType::kSettings, http2::flag::kAck, 0);
        return {};
      case http2::FrameType::kPing:
        if (!header.has(http2::flag::kAck)) return frame(http2::FrameType::kPing, http2::flag::kAck, 0, payload);
        return {};
      case http2::FrameType::kGoAway:
        ++go_aways_;
        return {};
      default:
        return {};
    }
  }

  std::unique_ptr<Wire> wire_;
  std::vector<std::uint8_t> received_;  // and not a whole frame yet
  std::size_t data_ = 0;
  bool ended_ = false;
  bool shut_out_ = false;
  int go_aways_ = 0;
};

}  // namespace tern::test
