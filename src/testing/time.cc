#include "tern/testing/time.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "testing/held_clock.h"

namespace tern::testing {

namespace {

/// The coroutine that awaits an advance, and how it learns that it is over. Shared with the clock.
struct Arrival {
  Event changed;
  bool arrived = false;
};

/// Takes the advance back when the coroutine that awaits it is cancelled or destroyed.
class Advance {
 public:
  Advance(Clock::time_point target, const std::shared_ptr<Arrival>& arrival) {
    number_ = HeldClock::get().advance_to(target, [arrival, home = Loop::require_current("Time::advance()").mailbox()] {
      home->post([arrival] {
        arrival->arrived = true;
        arrival->changed.set();
      });
    });
  }
  Advance(const Advance&) = delete;
  Advance& operator=(const Advance&) = delete;
  ~Advance() { HeldClock::get().abandon_advance(number_); }

 private:
  std::uint64_t number_;
};

}  // namespace

Time::Time(TimeOptions options) : options_(options), outside_of_loops_(Loop::current() == nullptr) {
  HeldClock& clock = HeldClock::get();
  // A thread without a loop counts as at work, but for the time that it spends in tern::run() and in blocking calls.
  if (outside_of_loops_) clock.work_begun();
  try {
    clock.take(options.automatic, options.limit);
  } catch (...) {
    if (outside_of_loops_) clock.work_ended();
    throw;
  }
  if (outside_of_loops_) detail::counts_this_thread = &clock;
  began_ = Clock::now();
}

Time::~Time() {
  HeldClock& clock = HeldClock::get();
  clock.release();
  if (!outside_of_loops_) return;
  if (std::this_thread::get_id() == owner_) detail::counts_this_thread = nullptr;
  clock.work_ended();
}

void Time::require_usable(std::chrono::nanoseconds by) const {
  if (std::this_thread::get_id() != owner_) {
    throw std::logic_error(
        "Time::advance() on another thread than the one that made the Time: await it in the test's own task");
  }
  if (options_.automatic) {
    throw std::logic_error(
        "Time::advance() in automatic mode, where the time moves by itself: co_await tern::sleep() instead");
  }
  if (by.count() < 0) throw std::invalid_argument("Time::advance() by a negative time: the time does not go back");
}

Task<void> Time::advance(std::chrono::nanoseconds by) {
  require_usable(by);
  const HeldClock& clock = HeldClock::get();
  const Clock::time_point target = Clock::now() + by;
  const auto arrival = std::make_shared<Arrival>();
  const Advance advance{target, arrival};
  // By the operating system's clock.
  Loop& loop = Loop::require_current("Time::advance()");
  boost::asio::steady_timer watch{loop.context()};
  for (;;) {
    const std::uint64_t progress = clock.progress();
    const std::uint64_t rounds = clock.rounds();
    arrival->changed.clear();
    watch.expires_after(options_.patience);
    watch.async_wait([&loop, arrival](const boost::system::error_code& error) {
      if (error) return;
      const Loop::Turn turn{loop};
      arrival->changed.set();
    });
    if (!arrival->arrived) co_await arrival->changed.wait();
    if (arrival->arrived) break;
    if (clock.progress() == progress) throw std::logic_error("Time::advance() gives up: " + clock.obstacle(rounds));
  }
  if (!clock.held() || Clock::now() < target) throw std::logic_error("the Time was destroyed during its advance()");
}

}  // namespace tern::testing
