#include "report/units.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

namespace tern::tool {

namespace {

std::string three_digits(double value, const char* unit) {
  int decimals = 0;
  if (value < 99.95) decimals = 1;
  if (value < 9.995) decimals = 2;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
}

}  // namespace

std::string show_duration(std::chrono::nanoseconds duration) {
  const auto nanoseconds = static_cast<double>(duration.count());
  if (nanoseconds < 999.5) return fmt::format("{:.0f} ns", nanoseconds);
  if (nanoseconds < 999.5e3) return three_digits(nanoseconds / 1e3, "us");
  if (nanoseconds < 999.5e6) return three_digits(nanoseconds / 1e6, "ms");
  return three_digits(nanoseconds / 1e9, "s");
}

std::string show_count(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string out;
  for (std::size_t place = 0; place < digits.size(); ++place) {
    if (place > 0 && (digits.size() - place) % 3 == 0) out += ',';
    out += digits[place];
  }
  return out;
}

std::string show_bytes(double bytes) {
  if (bytes < 999.5) return fmt::format("{:.0f} B", bytes);
  if (bytes < 999.5e3) return three_digits(bytes / 1e3, "kB");
  if (bytes < 999.5e6) return three_digits(bytes / 1e6, "MB");
  return three_digits(bytes / 1e9, "GB");
}

}  // namespace tern::tool
