// One request and its answer, over HTTP/1.1 or HTTP/2, each on a connection of its own: for tables of requests that
// both versions must answer alike.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http2/hpack_decoder.h"
#include "http2/hpack_encoder.h"
#include "rest/http_client.h"
#include "support/frames.h"

namespace tern::rest::test {

enum class Version { kHttp1, kHttp2 };

using FieldList = std::vector<std::pair<std::string, std::string>>;

struct Ask {
  std::string method = "POST";
  std::string target = "/";
  FieldList fields = {};
  std::string body = {};
};

struct Reply {
  unsigned status = 0;
  FieldList fields;
  std::string body;

  /// All values of this name, joined with ", ".
  [[nodiscard]] std::string get(std::string_view name) const {
    std::string values;
    for (const auto& [its_name, value] : fields) {
      if (its_name == name) values += (values.empty() ? "" : ", ") + value;
    }
    return values;
  }
};

/// Reads frames until the first stream's end, or its reset: the status is then 0.
class Http2Reader final : private http2::HpackDecoder::Fields {
 public:
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] Reply take() { return std::move(reply_); }

  void add(std::string_view bytes) {
    input_ += bytes;
    while (input_.size() >= http2::kFrameHeaderBytes) {
      const http2::FrameHeader head = http2::read_frame_header(reinterpret_cast<const std::uint8_t*>(input_.data()));
      if (input_.size() < http2::kFrameHeaderBytes + head.length) return;
      receive(head, std::string_view{input_}.substr(http2::kFrameHeaderBytes, head.length));
      input_.erase(0, http2::kFrameHeaderBytes + head.length);
    }
  }

 private:
  void receive(const http2::FrameHeader& head, std::string_view payload) {
    if (head.type == http2::FrameType::kHeaders) {
      decoder_.decode({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}, *this);
    }
    if (head.type == http2::FrameType::kData) reply_.body += payload;
    const bool last = head.type == http2::FrameType::kHeaders || head.type == http2::FrameType::kData;
    if ((last && head.has(http2::flag::kEndStream)) || head.type == http2::FrameType::kResetStream) ended_ = true;
  }
  void on_field(const http2::HeaderBlock::Field& field, http2::FieldId /*id*/) override {
    if (field.name == ":status") {
      reply_.status = static_cast<unsigned>(std::stoul(std::string{field.value}));
    } else {
      reply_.fields.emplace_back(field.name, field.value);
    }
  }

  std::string input_;
  http2::HpackDecoder decoder_;
  Reply reply_;
  bool ended_ = false;
};

class AnyClient final : private Http1Client {
 public:
  AnyClient(Version version, std::uint16_t port) : Http1Client(port), version_(version) {}

  Task<Reply> ask(const Ask& request) { return version_ == Version::kHttp1 ? ask_http1(request) : ask_http2(request); }

 private:
  Task<Reply> ask_http1(const Ask& request) {
    std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
    const auto is_host = [](const auto& field) { return field.first == "host"; };
    if (std::ranges::none_of(request.fields, is_host)) text += "host: a\r\n";
    for (const auto& [name, value] : request.fields) text += name + ": " + value + "\r\n";
    if (!request.body.empty()) text += "content-length: " + std::to_string(request.body.size()) + "\r\n";
    co_await write(text + "\r\n" + request.body);
    const Answer answer = co_await read(request.method != "HEAD");
    Reply reply{.status = answer.result_int(), .fields = {}, .body = answer.body()};
    for (const auto& field : answer) {
      std::string name{field.name_string()};
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      reply.fields.emplace_back(name, std::string{field.value()});
    }
    co_return reply;
  }

  Task<Reply> ask_http2(const Ask& request) {
    co_await write(bytes_of(request));
    Http2Reader reader;
    std::string piece(4096, '\0');
    while (!reader.ended()) {
      const std::size_t size = co_await socket().async_read_some(asio::buffer(piece), use_task);
      reader.add(std::string_view{piece}.substr(0, size));
    }
    co_return reader.take();
  }
  static std::string bytes_of(const Ask& request) {
    using http2::test::frame;
    using http2::test::operator+;
    std::vector<http2::HeaderField> fields{
        {":method", request.method}, {":scheme", "http"}, {":path", request.target}, {":authority", "a"}};
    for (const auto& [name, value] : request.fields) {
      if (name == "host") fields[3].value = value;
      if (name != "host") fields.push_back({name, value});
    }
    http2::test::Bytes block;
    http2::HpackEncoder encoder;
    encoder.encode(fields, block);
    const bool alone = request.body.empty();
    const auto flags = static_cast<std::uint8_t>(http2::flag::kEndHeaders | (alone ? http2::flag::kEndStream : 0));
    http2::test::Bytes bytes = http2::test::settings() + frame(http2::FrameType::kHeaders, flags, 1, block);
    if (!alone) {
      const http2::test::Bytes body(request.body.begin(), request.body.end());
      bytes = bytes + frame(http2::FrameType::kData, http2::flag::kEndStream, 1, body);
    }
    return std::string{http2::kClientPreface} + std::string{bytes.begin(), bytes.end()};
  }

  Version version_;
};

}  // namespace tern::rest::test
