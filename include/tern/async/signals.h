// tern::signals(SIGINT, SIGTERM): a task for the number of the first of these signals that the process gets.
#pragma once

#include <initializer_list>

#include "tern/async/task.h"

namespace tern {

/// Only on a loop (else std::logic_error). Throws boost::system::system_error for a number that cannot be caught.
Task<int> catch_signals(std::initializer_list<int> numbers);

/// The signals are caught from this call on, not only from the await: made before a program says that it runs, it
/// misses none. When the task has its signal, or is destroyed, they do again what they did before: a second Ctrl-C ends
/// a program whose graceful end takes too long.
template <class... Numbers>
Task<int> signals(Numbers... numbers) {
  return catch_signals({numbers...});
}

}  // namespace tern
