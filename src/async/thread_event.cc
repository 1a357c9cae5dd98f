#include "tern/async/thread_event.h"

namespace tern {

/// Held by a set() that is on its way to the loop.
class ThreadEvent::Core final : public detail::LoopSignal {
 public:
  using LoopSignal::LoopSignal;
  std::optional<Event> event{std::in_place};  // of the loop's thread; empty once the ThreadEvent is gone

 private:
  void signalled() noexcept override {
    if (event) event->set();
  }
};

ThreadEvent::ThreadEvent() : core_(std::make_shared<Core>(Loop::require_current("a ThreadEvent"))) {}
ThreadEvent::~ThreadEvent() { core_->event.reset(); }

void ThreadEvent::set() { core_->signal(); }
void ThreadEvent::clear() noexcept { core_->event->clear(); }
bool ThreadEvent::is_set() const noexcept { return core_->event->is_set(); }
Event::Waiting ThreadEvent::wait(std::optional<Clock::time_point> limit) noexcept { return core_->event->wait(limit); }

}  // namespace tern
