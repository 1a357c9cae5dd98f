// Work for several loops at once, for what is done now and then: ending, inspecting.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

/// Calls work(i) in a turn of loops[i], for all of them, and waits. `work` throws nothing; it is kept until it has run
/// for the last time, also when the waiting job is cancelled before.
Task<void> run_on_loops(std::vector<Loop*> loops, std::function<void(std::size_t)> work);

}  // namespace tern
