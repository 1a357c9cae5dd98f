// ThreadEvent: an Event that any thread may set; its waiters are coroutines of one loop.
//
//   tern::ThreadEvent done;  // on the loop that waits
//   std::thread worker{[&done] { work(); done.set(); }};
//   co_await done.wait();
#pragma once

#include <memory>
#include <optional>

#include "tern/api.h"
#include "tern/async/event.h"
#include "tern/detail/loop_signal.h"

namespace tern {

/// Made, waited for and destroyed on one loop. set() must not run while it is destroyed; a set() that has returned does
/// no harm.
class TERN_API ThreadEvent {
 public:
  /// Throws std::logic_error outside of a loop.
  ThreadEvent();
  ThreadEvent(const ThreadEvent&) = delete;
  ThreadEvent& operator=(const ThreadEvent&) = delete;
  ~ThreadEvent();

  /// Sets it: at once on its loop, and soon from other threads. Any thread; has no effect after the loop's end.
  void set();

  /// As Event's, on the loop. A set() that another thread has called and that has not come yet sets it again after
  /// clear(): a waiter looks at what it waits for once more.
  void clear() noexcept;
  [[nodiscard]] bool is_set() const noexcept;
  Event::Waiting wait(std::optional<Clock::time_point> limit = std::nullopt) noexcept;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace tern
