// HTTP/2 frames by hand, right and wrong ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "http2/frame.h"

namespace tern::http2::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

inline Bytes frame(FrameType type, std::uint8_t flags, std::uint32_t stream, const Bytes& payload = {}) {
  Bytes bytes(kFrameHeaderBytes);
  write_frame_header(
      bytes.data(),
      {.length = static_cast<std::uint32_t>(payload.size()), .type = type, .flags = flags, .stream = stream});
  return bytes + payload;
}

inline Bytes u32(std::uint32_t value) {
  Bytes bytes(4);
  write_u32(bytes.data(), value);
  return bytes;
}

inline Bytes setting(SettingId id, std::uint32_t value) { return Bytes{0, static_cast<std::uint8_t>(id)} + u32(value); }
inline Bytes settings(const Bytes& list = {}) { return frame(FrameType::kSettings, 0, 0, list); }
inline Bytes window_update(std::uint32_t stream, std::uint32_t increment) {
  return frame(FrameType::kWindowUpdate, 0, stream, u32(increment));
}
inline Bytes data(std::uint32_t stream, std::size_t size, std::uint8_t flags = 0) {
  return frame(FrameType::kData, flags, stream, Bytes(size, 'd'));
}

}  // namespace tern::http2::test
