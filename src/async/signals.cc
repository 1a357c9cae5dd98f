#include "tern/async/signals.h"

#include <boost/asio/signal_set.hpp>
#include <memory>
#include <utility>

#include "tern/async/asio.h"
#include "tern/async/loop.h"

namespace tern {

namespace {

Task<int> first_of(std::unique_ptr<boost::asio::signal_set> set) {
  const int number = co_await set->async_wait(use_task);
  set.reset();
  co_return number;
}

}  // namespace

CaughtSignals::CaughtSignals(std::initializer_list<int> numbers) {
  boost::asio::io_context& context = Loop::require_current("catching signals").context();
  auto set = std::make_unique<boost::asio::signal_set>(context);
  for (const int number : numbers) set->add(number);
  first_ = first_of(std::move(set));
}

}  // namespace tern
