// Checks of options of a server, a channel or a stop: a value that makes no sense is rejected with one sentence where
// the option is given. Unchecked, it would show later as a call that never ends.
#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <string_view>

#include "tern/api.h"

namespace tern {

/// Throws std::invalid_argument: "ServerOptions::max_concurrent_streams is 0: no client could make a call".
[[noreturn]] TERN_API void reject_option(std::string_view name, std::string_view problem);

/// `zero_means`: what 0 does, for the sentence.
void require_not_negative(std::string_view name, std::chrono::nanoseconds value, std::string_view zero_means);
TERN_API void require_positive(std::string_view name, std::chrono::nanoseconds value);
/// For a limit that std::nullopt lifts.
void require_positive(std::string_view name, std::optional<std::chrono::nanoseconds> value);

/// `problem`: what a value of 0 would do.
void require_not_zero(std::string_view name, std::unsigned_integral auto value, std::string_view problem) {
  if (value == 0) reject_option(name, problem);
}
/// For a limit that std::nullopt lifts; the sentence says so.
void reject_zero_limit(std::string_view name, std::string_view problem);
template <std::unsigned_integral T>
void require_not_zero(std::string_view name, std::optional<T> limit, std::string_view problem) {
  if (limit == T{0}) reject_zero_limit(name, problem);
}

}  // namespace tern
