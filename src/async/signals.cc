#include "tern/async/signals.h"

#include <boost/asio/signal_set.hpp>

#include "tern/async/asio.h"
#include "tern/async/loop.h"

namespace tern {

Task<int> wait_for_signal(std::vector<int> numbers) {
  boost::asio::signal_set set{Loop::require_current("waiting for a signal").context()};
  for (const int number : numbers) set.add(number);
  const int number = co_await set.async_wait(use_task);
  co_return number;
}

}  // namespace tern
