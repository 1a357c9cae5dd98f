// co_await tern::signals(SIGINT, SIGTERM): the number of the first of these signals that the process gets.
#pragma once

#include <vector>

#include "tern/async/task.h"

namespace tern {

/// Only while this is awaited are the signals caught; afterwards they do again what they did before.
Task<int> wait_for_signal(std::vector<int> numbers);

template <class... Numbers>
Task<int> signals(Numbers... numbers) {
  return wait_for_signal({numbers...});
}

}  // namespace tern
