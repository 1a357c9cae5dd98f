// The upper bounds of histograms' buckets, ascending, in whole nanoseconds or bytes. A figure that is shown under two
// names with different buckets is counted once, with the bounds of both, and put together for each name.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "telemetry/histogram.h"

namespace tern::telemetry {

inline constexpr std::uint64_t kMicrosecond = 1'000;
inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000'000'000;

/// OpenTelemetry's for durations of RPC and HTTP, from 5 ms to 10 s, and finer ones below, where most calls are.
inline constexpr std::array<std::uint64_t, 19> kDurationBounds{
    100 * kMicrosecond,   250 * kMicrosecond, 500 * kMicrosecond,   1 * kMillisecond,   2'500 * kMicrosecond,
    5 * kMillisecond,     10 * kMillisecond,  25 * kMillisecond,    50 * kMillisecond,  75 * kMillisecond,
    100 * kMillisecond,   250 * kMillisecond, 500 * kMillisecond,   750 * kMillisecond, 1 * kSecond,
    2'500 * kMillisecond, 5 * kSecond,        7'500 * kMillisecond, 10 * kSecond};

/// gRPC's own for latencies (gRFC A66, "Units").
inline constexpr std::array<std::uint64_t, 41> kGrpcDurationBounds{0,
                                                                   10 * kMicrosecond,
                                                                   50 * kMicrosecond,
                                                                   100 * kMicrosecond,
                                                                   300 * kMicrosecond,
                                                                   600 * kMicrosecond,
                                                                   800 * kMicrosecond,
                                                                   1 * kMillisecond,
                                                                   2 * kMillisecond,
                                                                   3 * kMillisecond,
                                                                   4 * kMillisecond,
                                                                   5 * kMillisecond,
                                                                   6 * kMillisecond,
                                                                   8 * kMillisecond,
                                                                   10 * kMillisecond,
                                                                   13 * kMillisecond,
                                                                   16 * kMillisecond,
                                                                   20 * kMillisecond,
                                                                   25 * kMillisecond,
                                                                   30 * kMillisecond,
                                                                   40 * kMillisecond,
                                                                   50 * kMillisecond,
                                                                   65 * kMillisecond,
                                                                   80 * kMillisecond,
                                                                   100 * kMillisecond,
                                                                   130 * kMillisecond,
                                                                   160 * kMillisecond,
                                                                   200 * kMillisecond,
                                                                   250 * kMillisecond,
                                                                   300 * kMillisecond,
                                                                   400 * kMillisecond,
                                                                   500 * kMillisecond,
                                                                   650 * kMillisecond,
                                                                   800 * kMillisecond,
                                                                   1 * kSecond,
                                                                   2 * kSecond,
                                                                   5 * kSecond,
                                                                   10 * kSecond,
                                                                   20 * kSecond,
                                                                   50 * kSecond,
                                                                   100 * kSecond};

/// Ours for sizes.
inline constexpr std::array<std::uint64_t, 11> kSizeBounds{64,     256,     1024,    4096,     16384,   65536,
                                                           262144, 1 << 20, 4 << 20, 16 << 20, 64 << 20};

/// gRPC's own for sizes (gRFC A66, "Units").
inline constexpr std::array<std::uint64_t, 14> kGrpcSizeBounds{
    0,       1024,    2048,     4096,     16384,     65536,      262144,
    1048576, 4194304, 16777216, 67108864, 268435456, 1073741824, std::uint64_t{4294967296}};

namespace detail {

template <std::size_t a, std::size_t b>
constexpr std::size_t merged_size(const std::array<std::uint64_t, a>& one, const std::array<std::uint64_t, b>& other) {
  std::size_t size = a;
  for (const std::uint64_t bound : other) size += std::ranges::find(one, bound) == one.end() ? 1U : 0U;
  return size;
}

template <const auto& kOne, const auto& kOtherOne>
constexpr auto merged() {
  std::array<std::uint64_t, merged_size(kOne, kOtherOne)> all{};
  std::size_t at = 0;
  for (const std::uint64_t bound : kOne) all[at++] = bound;
  for (const std::uint64_t bound : kOtherOne) {
    if (std::ranges::find(kOne, bound) == kOne.end()) all[at++] = bound;
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace detail

/// The bounds of the histograms that count calls.
inline constexpr auto kCallBounds = detail::merged<kDurationBounds, kGrpcDurationBounds>();

/// Returns `counted`, whose bounds are `from`, with the bounds `to`, each of which is in `from`.
[[nodiscard]] Buckets with_bounds(const Buckets& counted, std::span<const std::uint64_t> from,
                                  std::span<const std::uint64_t> to);

}  // namespace tern::telemetry
