#include "tern/async/sleep.h"

namespace tern {

void SleepUntil::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  job.loop().arm(*this, when_);
}

}  // namespace tern
