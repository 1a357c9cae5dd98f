// The grpc-timeout header: at most eight digits and a unit, H M S m u n (gRPC over HTTP/2, "Timeout").
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "tern/api.h"
#include "tern/async/job.h"

namespace tern::rpc {

/// Nothing when `text` is no timeout.
TERN_API std::optional<std::chrono::nanoseconds> parse_timeout(std::string_view text);

/// The value of grpc-retry-pushback-ms; nothing for what is negative or no number: do not retry.
std::optional<std::chrono::nanoseconds> parse_milliseconds(std::string_view text);

/// When a timeout that begins at `now` has passed; the end of time for one that is longer than the clock reaches.
Clock::time_point deadline_after(Clock::time_point now, std::chrono::nanoseconds timeout) noexcept;

/// The text of a timeout, in the finest unit that eight digits allow, rounded up; 0 or less becomes "1n", since the
/// grammar knows no negative ones.
class TimeoutText {
 public:
  explicit TimeoutText(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 24> text_{};
  std::size_t size_ = 0;
};

}  // namespace tern::rpc
