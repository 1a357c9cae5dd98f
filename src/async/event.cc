#include "tern/async/event.h"

namespace tern {

void Event::set() noexcept {
  set_ = true;
  while (!waiting_.empty()) waiting_.pop_front().wake();
}

void Event::Waiting::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  event_.waiting_.push_back(*this);
  if (limit_) job.loop().arm(*this, *limit_);
}

}  // namespace tern
