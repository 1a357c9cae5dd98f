// tern::signals(SIGINT, SIGTERM): catches signals from the call on; the await gives the first that comes.
#pragma once

#include <csignal>  // IWYU pragma: export
#include <initializer_list>
#include <utility>

#include "tern/api.h"
#include "tern/async/task.h"

namespace tern {

/// Signals that are being caught. An Awaitable; its await gives the number of the first one that the process got since
/// the construction. When it has ended, or is destroyed, the signals do again what they did before: a second Ctrl-C
/// ends a program whose graceful end takes too long.
class [[nodiscard]] TERN_API CaughtSignals {
 public:
  /// Begins to catch them. Only on a loop (else std::logic_error). Throws boost::system::system_error for a number that
  /// cannot be caught.
  explicit CaughtSignals(std::initializer_list<int> numbers);

  /// Once only.
  auto operator co_await() && noexcept { return std::move(first_).operator co_await(); }
  void operator co_await() & = delete;  // it is awaited once, so it is moved: co_await std::move(caught)

 private:
  Task<int> first_;
};

/// The signals are caught from this call on, not only from the await: called before a program says that it runs, it
/// misses none.
template <class... Numbers>
CaughtSignals signals(Numbers... numbers) {
  return CaughtSignals{numbers...};
}

}  // namespace tern
