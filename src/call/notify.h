// notify: calls a function of each observer of a server, a channel or a site. Observers are the program's own code, and
// are called where nobody could handle their exceptions. So an exception is logged here, and ends neither the call nor
// the process.
#pragma once

#include <vector>

#include "tern/api.h"

namespace tern {

/// Logs the exception that is being handled, which code of the program's threw: "an observer", say. One line in a
/// second at most for the process, with the number of exceptions that were left out. Any thread.
TERN_API void log_thrown_by(const char* code) noexcept;

/// Calls call(observer) for each, in their order, whatever some of them throw.
template <class Observer, class Call>
void notify(const std::vector<Observer*>& observers, const Call& call) noexcept {
  for (Observer* observer : observers) {
    try {
      call(*observer);
    } catch (...) {
      log_thrown_by("an observer");
    }
  }
}

}  // namespace tern
