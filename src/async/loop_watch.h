// LoopWatch: a thread that looks whether loops come round. One that has been in the same turn for too long is blocked:
// its stack is taken by a signal (SIGURG, which does nothing by default) and logged with the name of the running job.
// Loops pay a counter for each turn, and nothing else.
#pragma once

#include <memory>
#include <span>
#include <thread>

#include "tern/async/loop.h"

namespace tern {

class LoopWatch {
 public:
  /// Watches each loop from its first event after this on.
  LoopWatch(std::span<Loop* const> loops, Clock::duration threshold);
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;
  /// Before the loops' threads have ended.
  ~LoopWatch();

 private:
  class Watched;
  std::jthread thread_;
};

}  // namespace tern
