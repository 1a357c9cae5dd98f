// What is told of the program's loops: how late they are, how often one was blocked, and what their sockets carry.
#pragma once

#include <span>

#include "telemetry/families.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern::telemetry {

/// Asks each loop to come round, and waits 50 ms at most: one that has not by then is as late as that, at least.
Task<Families> families_of(std::span<Loop* const> loops);

}  // namespace tern::telemetry
