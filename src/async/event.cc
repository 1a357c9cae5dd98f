#include "tern/async/event.h"

namespace tern {

void Event::set() noexcept {
  set_ = true;
  while (!waiting_.empty()) waiting_.pop_front().wake();
}

bool Event::Waiting::begin(std::coroutine_handle<> caller, Job& job) {
  if (!suspend(caller, job)) return false;
  event_.waiting_.push_back(*this);
  if (limit_) job.loop().arm(*this, *limit_);
  return true;
}

}  // namespace tern
