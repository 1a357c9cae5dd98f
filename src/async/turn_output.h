// count_turn_output(): counts the long messages that a turn's coroutines send. After 1 MiB the turn ends: the loop
// writes them and reads from its sockets before the other coroutines run.
#pragma once

#include <cstddef>

namespace tern {

/// Adds `bytes` to the count of the turn that this thread is in.
void count_turn_output(std::size_t bytes) noexcept;

}  // namespace tern
