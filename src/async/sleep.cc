#include "tern/async/sleep.h"

namespace tern {

bool SleepUntil::begin(std::coroutine_handle<> caller, Job& job) {
  if (!suspend(caller, job)) return false;
  job.loop().arm(*this, when_);
  return true;
}

}  // namespace tern
