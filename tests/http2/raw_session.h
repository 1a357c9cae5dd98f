// A session whose peer is the test itself, frame by frame.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "http2/end.h"
#include "http2/frame.h"
#include "support/frames.h"

namespace tern::http2::test {

inline Bytes reset(std::uint32_t stream) { return frame(FrameType::kResetStream, 0, stream, u32(8)); }

/// :method POST, :scheme http, :path /, all of the fixed table.
inline const Bytes kRequestBlock{0x83, 0x86, 0x84};
inline Bytes request(std::uint32_t stream, std::uint8_t flags = 0, const Bytes& more = {}) {
  return frame(FrameType::kHeaders, static_cast<std::uint8_t>(flag::kEndHeaders | flags), stream, kRequestBlock + more);
}
/// :status 200, of the fixed table.
inline Bytes response(std::uint32_t stream, std::uint8_t flags = 0, const Bytes& block = {0x88}) {
  return frame(FrameType::kHeaders, static_cast<std::uint8_t>(flag::kEndHeaders | flags), stream, block);
}

struct Sent {
  FrameHeader header;
  Bytes payload;
};

class Raw {
 public:
  explicit Raw(Role role, const Settings& settings = {}) : end(role, settings) {
    if (role == Role::kServer) {
      end.session.receive({reinterpret_cast<const std::uint8_t*>(kClientPreface.data()), kClientPreface.size()});
    }
  }
  /// After the first SETTINGS of both sides.
  static std::unique_ptr<Raw> greeted(Role role, const Settings& own = {}) {
    auto raw = std::make_unique<Raw>(role, own);
    raw->receive(settings() + frame(FrameType::kSettings, flag::kAck, 0));
    raw->sent();
    return raw;
  }

  bool receive(const Bytes& bytes) { return end.session.receive(bytes); }

  /// The frames that the session has sent since.
  std::vector<Sent> sent() {
    const Bytes bytes = take_output(end.session);
    std::span<const std::uint8_t> left{bytes};
    if (left.size() >= kClientPreface.size() && left.front() == 'P') left = left.subspan(kClientPreface.size());
    std::vector<Sent> frames;
    while (!left.empty()) {
      const FrameHeader header = read_frame_header(left.data());
      const auto payload = left.subspan(kFrameHeaderBytes, header.length);
      frames.push_back({header, {payload.begin(), payload.end()}});
      left = left.subspan(kFrameHeaderBytes + header.length);
    }
    return frames;
  }

  /// The code of the GOAWAY, or of this stream's RST_STREAM, among what it has sent since; kNoError without one.
  ErrorCode goodbye() { return code_of(FrameType::kGoAway, 0, 4); }
  ErrorCode reset_of(std::uint32_t stream) { return code_of(FrameType::kResetStream, stream, 0); }

  End end;

 private:
  ErrorCode code_of(FrameType type, std::uint32_t stream, std::size_t at) {
    for (const Sent& one : sent()) {
      if (one.header.type == type && one.header.stream == stream) {
        return static_cast<ErrorCode>(read_u32(one.payload.data() + at));
      }
    }
    return ErrorCode::kNoError;
  }
};

/// Opens a client's stream; false when the session takes no more.
inline bool opened(Raw& raw, NotedStream& stream) {
  const std::array<HeaderField, 3> fields{HeaderField{":method", "POST", true}, HeaderField{":scheme", "http", true},
                                          HeaderField{":path", "/", true}};
  return raw.end.session.open(stream, fields);
}

}  // namespace tern::http2::test
