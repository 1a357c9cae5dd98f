// Every limit and default of the HTTP/2 layer, with its unit and reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tern::http2 {

struct Settings {
  /// Streams that a peer may have open at once on one connection. 100 is RFC 9113's own advice as the least (§6.5.2).
  std::uint32_t max_concurrent_streams = 100;

  /// Bytes that a peer may send on a stream ahead of its reader. 64 KiB is HTTP/2's default; more would let a slow
  /// handler hold more, less would stall a fast one for each round trip.
  std::uint32_t stream_window = 256 * 1024;

  /// The same for all streams of a connection together; opened again as bytes arrive, since the streams bound memory.
  std::uint32_t connection_window = 4 * 1024 * 1024;

  /// Header bytes of a block, counted as RFC 9113 §6.5.2 does: name, value and 32 for each field. gRPC's core: 8 KiB
  /// soft, 16 KiB hard.
  std::uint32_t max_header_bytes = 16 * 1024;
  std::uint32_t max_header_fields = 100;

  /// The name of a field whose value differs from call to call: it is handed over beside the block, so that blocks stay
  /// alike and are recognised. Lives for ever.
  std::string_view aside_field = {};
};

/// Streams that a client may reset, at once and for each second: one that resets more (rapid reset, CVE-2023-44487) is
/// sent away with INTERNAL_ERROR. nghttp2's own figures (1,000 and 33) meet honest clients whose deadlines pass, or
/// that hedge.
inline constexpr std::uint64_t kResetBurst = 10'000;
inline constexpr std::uint64_t kResetsPerSecond = 1'000;

/// Bytes written by one system call: enough to amortise it, few enough to stay in the cache.
inline constexpr std::size_t kBatchBytes = std::size_t{64} * 1024;
/// A batch of large messages may be larger, since it only points at them.
inline constexpr std::size_t kBatchReferencedBytes = std::size_t{1024} * 1024;
/// From this size on, bytes are pointed at rather than copied.
inline constexpr std::size_t kReferenceFrom = 4096;
/// RFC 9113 §4.2: the frame size that every peer accepts, and the 9 bytes before it.
inline constexpr std::size_t kFrameBytes = 16384 + 9;

}  // namespace tern::http2
