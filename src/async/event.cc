#include "tern/async/event.h"

namespace tern {

void Event::set() noexcept {
  set_ = true;
  waiters_.release_all();
}

void Event::Waiting::begin(std::coroutine_handle<> caller, Job& job) {
  wait(caller, job);
  if (limit_ && waiting()) job.loop().arm(*this, *limit_);
}

bool Event::Waiting::await_resume() {
  check_cancelled();
  // A woken waiter does not look at the event, which may have been cleared or destroyed meanwhile.
  if (job() == nullptr || notified()) return true;
  check_alive();
  leave();
  return event_.set_;
}

}  // namespace tern
