// Figures as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tern::tool {

/// Three digits in the unit that suits: "870 ns", "12.3 us", "4.56 ms", "12.0 s".
std::string show_duration(std::chrono::nanoseconds duration);
/// "1,234,567".
std::string show_count(std::uint64_t count);
/// Three digits with a decimal unit: "12.3 MB".
std::string show_bytes(double bytes);

}  // namespace tern::tool
