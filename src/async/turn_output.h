// What the coroutines of a turn have given to be written. Much of it ends the turn: it goes out, and the loop looks at
// its sockets, before the others run.
#pragma once

#include <cstddef>

namespace tern {

/// Counts `bytes` for the turn that this thread is in.
void count_turn_output(std::size_t bytes) noexcept;

}  // namespace tern
