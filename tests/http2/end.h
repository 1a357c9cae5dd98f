// One end of a connection without its socket, and what its streams were told.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http2/session.h"

namespace tern::http2::test {

/// A stream that keeps what it is told.
struct NotedStream final : Stream {
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<HeaderBlockRef> blocks;
  std::string aside;
  std::string data;
  int header_blocks = 0;
  bool ended = false;
  bool closed = false;
  ErrorCode code = ErrorCode::kNoError;
  bool trailers_sent = false;

  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }

  void on_headers(const HeaderBlockRef& block, std::string_view its_aside, bool ended_by_it) override {
    for (std::size_t i = 0; i < block->size(); ++i) headers.emplace_back((*block)[i].name, (*block)[i].value);
    blocks.push_back(block);
    aside = its_aside;
    ++header_blocks;
    ended = ended_by_it;
  }
  void on_data(std::span<const std::uint8_t> bytes) override {
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (consuming) consume(bytes.size());
  }
  void on_end() override { ended = true; }
  void on_trailers_due(HeaderFields& trailers) override {
    trailers_sent = true;
    trailers.push_back({"grpc-status", "0", true});
  }
  void on_closed(ErrorCode its_code) override {
    closed = true;
    code = its_code;
  }
  bool consuming = true;
};

/// One end, with the streams that its peer opened.
struct End final : SessionEvents {
  End(Role role, const Settings& settings) : session(role, settings, *this) {}
  std::vector<std::unique_ptr<NotedStream>> streams;
  int outputs = 0;
  bool gone_away = false;
  bool refuse = false;
  Session session;

  Stream* on_stream_opened() override {
    if (refuse) return nullptr;
    return streams.emplace_back(std::make_unique<NotedStream>()).get();
  }
  void on_output() override { ++outputs; }
  void on_go_away(ErrorCode /*code*/, std::string_view /*debug_data*/) override { gone_away = true; }
};

inline void answer(Stream& stream) {
  const HeaderField status{":status", "200", true};
  stream.send_headers({&status, 1});
}

/// A usual request; false when the client's session takes no more.
inline bool open_call(Session& client, Stream& stream) {
  const std::array<HeaderField, 4> request{HeaderField{":method", "POST", true}, HeaderField{":scheme", "http", true},
                                           HeaderField{":path", "/a.B/C", true},
                                           HeaderField{":authority", "host", true}};
  return client.open(stream, request);
}

/// All that it has to say now.
inline std::vector<std::uint8_t> take_output(Session& session) {
  std::vector<std::uint8_t> bytes;
  for (;;) {
    OutputBatch batch;
    session.fill(batch);
    if (batch.empty()) return bytes;
    for (const iovec& part : batch.pieces()) {
      const auto* begin = static_cast<const std::uint8_t*>(part.iov_base);
      bytes.insert(bytes.end(), begin, begin + part.iov_len);
    }
  }
}

}  // namespace tern::http2::test
