// Storm: connections that send random bytes in every field that telemetry takes from a client, over HTTP/1.1 and
// HTTP/2. Half of the requests are well-formed enough to become calls and requests; the others are rejected on the way.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/frames.h"
#include "tern/async/asio.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/async/task_group.h"

namespace tern::test {

/// The same texts for the same seed.
class StormTexts {
 public:
  explicit StormTexts(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t count) { return random_() % count; }
  bool one_in(std::size_t count) { return below(count) == 0; }

  /// Bytes that may stand in a field's value; one text in eight has any bytes at all.
  std::string bytes() {
    const bool any = one_in(8);
    std::string text(one_in(20) ? below(3000) : below(40), ' ');
    for (char& byte : text) {
      byte = static_cast<char>(random_());
      const bool forbidden = static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f';
      if (forbidden && !any) byte = '"';
    }
    // Hard cases for readers of UTF-8, JSON, labels and logs.
    static constexpr std::string_view kHard[]{
        "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80\xae", "\xe2\x82",
        "\"}\\",    "\\n\\",        "\xef\xbf\xbf",     "{a=\"b\"}",    "# EOF"};
    if (one_in(2)) text += kHard[below(std::size(kHard))];
    return text;
  }
  std::string hex(std::size_t digits) {
    std::string text(digits, '0');
    for (char& digit : text) digit = "0123456789abcdef"[below(16)];
    return text;
  }
  /// Recorded where it is believed: every other one is well-formed.
  std::string traceparent() { return one_in(2) ? bytes() : "00-" + hex(32) + "-" + hex(16) + "-01"; }
  std::string tracestate() { return one_in(2) ? bytes() : hex(5) + "=" + bytes(); }

 private:
  std::mt19937_64 random_;
};

class StormRequest {
 public:
  StormRequest(StormTexts& texts, const std::vector<std::string>& paths) {
    static constexpr std::string_view kMethods[]{"GET", "POST", "PUT", "DELETE", "BREW"};
    method = texts.one_in(4) ? texts.bytes() : kMethods[texts.below(std::size(kMethods))];
    path = texts.one_in(2) ? paths[texts.below(paths.size())] : "/" + texts.bytes();
    if (texts.one_in(3)) path += "?" + texts.bytes();
    authority = texts.one_in(2) ? texts.bytes() : "localhost";
    static constexpr std::string_view kTypes[]{"application/grpc", "application/json", "application/grpc-web+proto",
                                               "application/proto"};
    content_type = texts.one_in(4) ? texts.bytes() : kTypes[texts.below(std::size(kTypes))];
    fields = {{"user-agent", texts.bytes()},
              {"traceparent", texts.traceparent()},
              {"tracestate", texts.tracestate()},
              {"x-forwarded-for", texts.bytes()},
              {"x-request-id", texts.bytes()},
              {"grpc-message", texts.bytes()},
              {"grpc-encoding", texts.one_in(8) ? texts.bytes() : "identity"}};
  }

  /// Over HTTP/1.1.
  [[nodiscard]] std::string http1() const {
    std::string text = method + " " + path + " HTTP/1.1\r\nhost: " + authority + "\r\ncontent-length: 5\r\n";
    text.append("content-type: ").append(content_type).append("\r\n");
    for (const auto& [name, value] : fields) text.append(name).append(": ").append(value).append("\r\n");
    return text + "\r\n" + std::string(5, '\0');
  }
  /// Over HTTP/2, with an empty message.
  [[nodiscard]] http2::test::Bytes http2(std::uint32_t stream) const {
    using namespace http2::test;  // NOLINT(google-build-using-namespace): its operator+
    Bytes block;
    // Calls are POST; the other methods are for HTTP/1.1.
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {":method", content_type == "application/grpc" ? "POST" : method},
             {":scheme", "http"},
             {":path", path},
             {":authority", authority},
             {"content-type", content_type},
             {"te", "trailers"}}) {
      append_field(block, name, value);
    }
    for (const auto& [name, value] : fields) append_field(block, name, value);
    return frame(http2::FrameType::kHeaders, http2::flag::kEndHeaders, stream, block) +
           frame(http2::FrameType::kData, http2::flag::kEndStream, stream, Bytes(5));
  }

  std::string method;
  std::string path;
  std::string authority;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> fields;

 private:
  /// As a literal without indexing (RFC 7541 §6.2.2), which may hold any bytes.
  static void append_field(http2::test::Bytes& block, std::string_view name, std::string_view value) {
    block.push_back(0);
    for (const std::string_view text : {name, value}) {
      std::size_t size = text.size();
      block.push_back(static_cast<std::uint8_t>(size < 127 ? size : 127));
      if (size >= 127) {
        for (size -= 127; size > 127; size >>= 7U) block.push_back(static_cast<std::uint8_t>(size | 128U));
        block.push_back(static_cast<std::uint8_t>(size));
      }
      block.insert(block.end(), text.begin(), text.end());
    }
  }
};

/// Lives on the loop that makes it.
class Storm {
 public:
  /// The server knows these paths.
  Storm(std::uint16_t port, std::vector<std::string> paths, std::uint64_t seed)
      : port_(port), paths_(std::move(paths)), seed_(seed) {}

  /// Starts `connections`, each of which sends `requests` and opens itself again when the server closes it.
  void start(std::size_t connections, std::uint64_t requests) {
    for (std::size_t i = 0; i < connections; ++i) connections_.spawn(connection(i, requests));
  }
  /// Waits until all are sent.
  Task<void> finish() { co_await connections_.join(); }
  void cancel() noexcept { connections_.cancel(); }

  [[nodiscard]] std::size_t running() const noexcept { return connections_.running(); }
  /// Requests written so far.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  Task<void> connection(std::size_t number, std::uint64_t requests) {
    StormTexts texts{seed_ + number};
    while (requests > 0) {
      Socket socket{Loop::require_current("a storm").context()};
      try {
        co_await connect(socket, number);
        if (number % 2 == 0) {
          co_await over_http1(socket, texts, requests);
        } else {
          co_await over_http2(socket, texts, requests);
        }
      } catch (const boost::system::system_error&) {
        // The server has closed it, as it may.
      }
    }
  }

  /// From many addresses: each has ports of its own, of which closed connections keep some busy.
  Task<void> connect(Socket& socket, std::size_t number) {
    using boost::asio::ip::address_v4;
    const auto host = static_cast<std::uint32_t>(number % 250 + 2);
    socket.open(boost::asio::ip::tcp::v4());
    socket.bind({address_v4{address_v4::loopback().to_uint() + (host << 8U)}, 0});
    co_await socket.async_connect({address_v4::loopback(), port_}, use_task);
  }

  /// Each request waits for bytes of the server's, whatever they are: so the server sets the pace.
  Task<void> over_http1(Socket& socket, StormTexts& texts, std::uint64_t& requests) {
    std::string answer(16384, '\0');
    while (requests > 0) {
      const std::string request = StormRequest{texts, paths_}.http1();
      --requests;
      ++sent_;
      co_await boost::asio::async_write(socket, boost::asio::buffer(request), use_task);
      co_await socket.async_read_some(boost::asio::buffer(answer), use_task);
    }
  }
  Task<void> over_http2(Socket& socket, StormTexts& texts, std::uint64_t& requests) {
    using namespace http2::test;  // NOLINT(google-build-using-namespace): its operator+
    const Bytes preface =
        Bytes(http2::kClientPreface.begin(), http2::kClientPreface.end()) + settings() + window_update(0, 0x7FFF0000);
    std::string answer(16384, '\0');
    co_await boost::asio::async_write(socket, boost::asio::buffer(preface), use_task);
    co_await socket.async_read_some(boost::asio::buffer(answer), use_task);
    const Bytes acknowledged = frame(http2::FrameType::kSettings, http2::flag::kAck, 0);
    co_await boost::asio::async_write(socket, boost::asio::buffer(acknowledged), use_task);
    for (std::uint32_t stream = 1; requests > 0; stream += 2) {
      const Bytes request = StormRequest{texts, paths_}.http2(stream);
      --requests;
      ++sent_;
      co_await boost::asio::async_write(socket, boost::asio::buffer(request), use_task);
      co_await socket.async_read_some(boost::asio::buffer(answer), use_task);
    }
  }

  std::uint16_t port_;
  std::vector<std::string> paths_;
  std::uint64_t seed_;
  std::uint64_t sent_ = 0;
  TaskGroup connections_;  // the last member: it uses the others
};

}  // namespace tern::test
