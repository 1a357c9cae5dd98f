// Every limit and default of the HTTP/2 layer, with its unit and reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http2/frame.h"

namespace tern::http2 {

struct Settings {
  /// Streams that a peer may have open at once on one connection. 100 is RFC 9113's own advice as the least (§6.5.2).
  std::uint32_t max_concurrent_streams = 100;

  /// Bytes that a peer may send on a stream ahead of its reader. 64 KiB is HTTP/2's default; more would let a slow
  /// handler hold more, less would stall a fast one for each round trip.
  std::uint32_t stream_window = 256 * 1024;
  /// The same until somebody has read of the stream.
  std::uint32_t first_stream_window = stream_window;

  /// The same for all streams of a connection together; opened again as bytes arrive, since the streams bound memory,
  /// unless those of all connections hold much (MemoryBudget).
  std::uint32_t connection_window = 4 * 1024 * 1024;
  /// The same until as much has come, and in messages that were whole.
  std::uint32_t first_connection_window = connection_window;

  /// The longest header block that is accepted, in bytes as RFC 9113 §6.5.2 counts them (header_list.h). gRPC's core:
  /// 8 KiB soft, 16 KiB hard.
  std::uint32_t max_header_bytes = 16 * 1024;
  std::uint32_t max_header_fields = 100;

  /// A client's last stream: when its number is used up, calls need another connection (RFC 9113 §5.1.1).
  std::uint32_t last_stream_id = kMaxStreamId;

  /// The name of a field whose value differs from call to call: it is handed over beside the block, so that blocks stay
  /// alike and are recognised. Lives for ever.
  std::string_view aside_field = {};
};

/// A server's first windows: who has not shown yet that it ends its messages cannot have it hold much of them.
inline constexpr std::uint32_t kFirstStreamWindow = 64 * 1024;
inline constexpr std::uint32_t kFirstConnectionWindow = 256 * 1024;

/// Streams that a client may reset, at once and for each second: one that resets more (rapid reset, CVE-2023-44487) is
/// sent away with ENHANCE_YOUR_CALM. nghttp2's figures (1,000 and 33) meet honest clients whose deadlines pass, or that
/// hedge.
inline constexpr std::uint64_t kResetBurst = 10'000;
inline constexpr std::uint64_t kResetsPerSecond = 1'000;

/// Frames that honest peers send now and then: PRIORITY, empty DATA, what arrives for streams that are gone, and what
/// makes us reset a stream (CVE-2025-8671). nghttp2's figures.
inline constexpr std::uint64_t kOddityBurst = 10'000;
inline constexpr std::uint64_t kOdditiesPerSecond = 330;

/// Answers to PING and SETTINGS that wait to be written, for a peer that does not read. nghttp2's figure.
inline constexpr std::size_t kMaxAcknowledgements = 1'000;

/// Bytes of frames other than DATA that wait to be written, for a peer that does not read: a hundred streams' answers
/// with the longest headers are far fewer.
inline constexpr std::size_t kMaxPendingBytes = std::size_t{4} * 1024 * 1024;

/// CONTINUATION frames of one header block (CVE-2024-27316). nghttp2's figure. A larger max_header_bytes allows as many
/// as it needs.
inline constexpr std::size_t kMaxContinuations = 8;

/// Header bytes of a block that every implementation accepts by default, gRPC's core included: for peers that announce
/// no limit.
inline constexpr std::size_t kUsualHeaderBytes = std::size_t{16} * 1024;

/// Interim responses (1xx) for each stream of a connection, with no final response between them. An honest server sends
/// a few for a request; one that sends them without end would keep its client busy.
inline constexpr std::size_t kInterimResponses = 100;

/// Returns a limit of header bytes or fields as an option gives it; std::nullopt is no limit.
constexpr std::uint32_t header_limit(std::optional<std::size_t> option) noexcept {
  return !option || *option > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(*option);
}

/// A client opens no more streams than this before the server has said how many it allows.
inline constexpr std::uint32_t kStreamsBeforeSettings = 100;

/// Room for pending frames that a connection keeps while it is idle, in bytes.
inline constexpr std::size_t kPendingKept = 512;

/// Bytes written by one system call: enough to amortise it, few enough to stay in the cache.
inline constexpr std::size_t kBatchBytes = std::size_t{64} * 1024;
/// A batch of large messages may be larger, as it only points at them; what is in one counts as sent (MemoryBudget).
inline constexpr std::size_t kBatchReferencedBytes = std::size_t{256} * 1024;
/// From this size on, bytes are pointed at rather than copied.
inline constexpr std::size_t kReferenceFrom = 4096;
/// The longest frame whole.
inline constexpr std::size_t kFrameBytes = kMaxFramePayload + kFrameHeaderBytes;

}  // namespace tern::http2
