// Requests over HTTP/2 that begin a message and do not end it, as bytes for a RawClient.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http2/hpack_encoder.h"
#include "rpc/message_reader.h"
#include "support/frames.h"

namespace tern::test {

/// One on each of the first `streams` streams of a new connection, with `size` bytes of what it sends.
class HalfRequests {
 public:
  HalfRequests(std::string_view path, std::string_view content_type) : path_(path), content_type_(content_type) {}

  /// A message of `announced` bytes.
  [[nodiscard]] std::string of_a_message(std::size_t announced, std::size_t size, std::uint32_t streams = 1) const {
    http2::test::Bytes begun(rpc::kPrefixBytes + size);
    rpc::write_prefix(begun.data(), announced);
    return bytes(begun, streams);
  }
  /// A body that is no message.
  [[nodiscard]] std::string of_a_body(std::size_t size, std::uint32_t streams = 1) const {
    return bytes(http2::test::Bytes(size, 'b'), streams);
  }

 private:
  [[nodiscard]] std::string bytes(const http2::test::Bytes& content, std::uint32_t streams) const {
    using http2::test::frame;
    std::string text{http2::kClientPreface};
    const auto append = [&text](const http2::test::Bytes& more) { text.append(more.begin(), more.end()); };
    append(http2::test::settings());
    http2::HpackEncoder encoder;
    for (std::uint32_t i = 0; i < streams; ++i) {
      const std::uint32_t stream = 2 * i + 1;
      http2::test::Bytes block;
      encoder.encode(std::vector<http2::HeaderField>{{":method", "POST"},
                                                     {":scheme", "http"},
                                                     {":path", path_},
                                                     {":authority", "a"},
                                                     {"content-type", content_type_},
                                                     {"te", "trailers"}},
                     block);
      append(frame(http2::FrameType::kHeaders, http2::flag::kEndHeaders, stream, block));
      for (std::size_t at = 0; at < content.size(); at += http2::kMaxFramePayload) {
        const auto part = static_cast<std::ptrdiff_t>(std::min(http2::kMaxFramePayload, content.size() - at));
        const auto begin = content.begin() + static_cast<std::ptrdiff_t>(at);
        append(frame(http2::FrameType::kData, 0, stream, {begin, begin + part}));
      }
    }
    return text;
  }

  std::string_view path_;
  std::string_view content_type_;
};

}  // namespace tern::test
