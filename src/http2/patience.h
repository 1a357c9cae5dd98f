// What peers are given where the messages that they have begun take up the room of others (Intake, LongMessages).
#pragma once

#include <chrono>
#include <cstddef>

namespace tern::http2 {

/// How often it is looked at who goes on.
inline constexpr std::chrono::seconds kLookEvery{1};

/// Who sends less than this in so many looks, and could, does not go on: 43 kbit/s.
inline constexpr std::size_t kLeast = std::size_t{16} * 1024;
inline constexpr unsigned kPatience = 3;

/// By how much the room grows at each look at which somebody waits. A hundred peers that each need half a minute for a
/// message of 4 MiB take 200 MiB together: without fault, so that the server comes to take them all at once.
inline constexpr std::size_t kRaise = std::size_t{2} * 1024 * 1024;

}  // namespace tern::http2
