#include "rpc/timeout.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "text/number.h"

namespace tern::rpc {

namespace {

struct Unit {
  char letter;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 6> kUnits{
    {{'n', 1}, {'u', 1'000}, {'m', 1'000'000}, {'S', 1'000'000'000}, {'M', 60'000'000'000}, {'H', 3'600'000'000'000}}};
constexpr std::int64_t kLargest = 99'999'999;

}  // namespace

std::optional<std::chrono::nanoseconds> parse_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t amount = 0;
  const char* last = text.data() + text.size() - 1;
  if (text.front() == '-' || std::from_chars(text.data(), last, amount).ptr != last) return std::nullopt;
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.letter == *last; });
  if (unit == kUnits.end()) return std::nullopt;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return std::chrono::nanoseconds{amount > kMost / unit->nanoseconds ? kMost : amount * unit->nanoseconds};
}

std::optional<std::chrono::nanoseconds> parse_milliseconds(std::string_view text) {
  const auto value = text::number_of<std::int32_t>(text);
  if (!value || *value < 0) return std::nullopt;
  return std::chrono::milliseconds{*value};
}

Clock::time_point deadline_after(Clock::time_point now, std::chrono::nanoseconds timeout) noexcept {
  return now + std::min<Clock::duration>(timeout, Clock::time_point::max() - now);
}

TimeoutText::TimeoutText(std::chrono::nanoseconds timeout) {
  const std::int64_t count = std::max<std::int64_t>(1, timeout.count());
  for (const Unit& unit : kUnits) {
    const std::int64_t amount = count / unit.nanoseconds + (count % unit.nanoseconds != 0 ? 1 : 0);
    if (amount > kLargest && unit.letter != 'H') continue;
    char* end = std::to_chars(text_.data(), text_.data() + text_.size(), std::min(amount, kLargest)).ptr;
    *end++ = unit.letter;
    size_ = static_cast<std::size_t>(end - text_.data());
    return;
  }
}

}  // namespace tern::rpc
