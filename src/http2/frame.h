// HTTP/2 frames: 9 bytes that say how long, of what type, with which flags and on which stream, and then the payload
// (RFC 9113 §4.1, §6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "http2/error_code.h"

namespace tern::http2 {

inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::size_t kFrameHeaderBytes = 9;
/// The largest payload that every peer takes, and that we take (SETTINGS_MAX_FRAME_SIZE's default, §6.5.2).
inline constexpr std::size_t kMaxFramePayload = 16384;
/// Window of a connection, and of a stream unless SETTINGS say otherwise (§6.9.2); windows' largest value (§6.9.1).
inline constexpr std::int32_t kInitialWindow = 65535;
inline constexpr std::int64_t kMaxWindow = 0x7fffffff;
inline constexpr std::uint32_t kMaxStreamId = 0x7fffffff;

enum class FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kResetStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

namespace flag {
inline constexpr std::uint8_t kAck = 0x1;         // SETTINGS, PING
inline constexpr std::uint8_t kEndStream = 0x1;   // DATA, HEADERS
inline constexpr std::uint8_t kEndHeaders = 0x4;  // HEADERS, CONTINUATION
inline constexpr std::uint8_t kPadded = 0x8;      // DATA, HEADERS
inline constexpr std::uint8_t kPriority = 0x20;   // HEADERS
}  // namespace flag

enum class SettingId : std::uint16_t {
  kHeaderTableSize = 1,
  kEnablePush = 2,
  kMaxConcurrentStreams = 3,
  kInitialWindowSize = 4,
  kMaxFrameSize = 5,
  kMaxHeaderListSize = 6,
};

struct FrameHeader {
  std::uint32_t length = 0;
  FrameType type = FrameType::kData;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  [[nodiscard]] bool has(std::uint8_t wanted) const noexcept { return (flags & wanted) != 0; }
};

/// Numbers on the wire are big-endian.
inline std::uint32_t read_u16(const std::uint8_t* from) noexcept {
  return static_cast<std::uint32_t>(from[0]) << 8 | from[1];
}
inline std::uint32_t read_u32(const std::uint8_t* from) noexcept { return read_u16(from) << 16 | read_u16(from + 2); }
/// 31 bits: the highest is reserved.
inline std::uint32_t read_u31(const std::uint8_t* from) noexcept { return read_u32(from) & 0x7fffffff; }

inline FrameHeader read_frame_header(const std::uint8_t* from) noexcept {
  return {.length = read_u16(from) << 8 | from[2],
          .type = static_cast<FrameType>(from[3]),
          .flags = from[4],
          .stream = read_u31(from + 5)};
}

inline void write_u32(std::uint8_t* to, std::uint32_t value) noexcept {
  to[0] = static_cast<std::uint8_t>(value >> 24);
  to[1] = static_cast<std::uint8_t>(value >> 16);
  to[2] = static_cast<std::uint8_t>(value >> 8);
  to[3] = static_cast<std::uint8_t>(value);
}

inline void write_frame_header(std::uint8_t* to, const FrameHeader& header) noexcept {
  to[0] = static_cast<std::uint8_t>(header.length >> 16);
  to[1] = static_cast<std::uint8_t>(header.length >> 8);
  to[2] = static_cast<std::uint8_t>(header.length);
  to[3] = static_cast<std::uint8_t>(header.type);
  to[4] = header.flags;
  write_u32(to + 5, header.stream);
}

}  // namespace tern::http2
