// Checks of options of a server, a channel or a stop: a value that makes no sense is rejected with one sentence where
// the option is given. Unchecked, it would show later as a call that never ends.
#pragma once

#include <chrono>
#include <string_view>

namespace tern {

/// Throws std::invalid_argument: "ServerOptions::max_concurrent_streams is 0: no client could make a call".
[[noreturn]] void reject_option(std::string_view name, std::string_view problem);

/// `zero_means`: what 0 does, for the sentence.
void require_not_negative(std::string_view name, std::chrono::nanoseconds value, std::string_view zero_means);
void require_positive(std::string_view name, std::chrono::nanoseconds value);

}  // namespace tern
