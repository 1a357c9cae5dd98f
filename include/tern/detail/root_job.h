// RootJob: a job that no coroutine of tern's awaits, such as a program's main task or one of co_spawn().
#pragma once

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/async/loop.h"

namespace tern::detail {

/// Debuggers find it from its loop (tools/gdb/tern.py).
class TERN_API RootJob : public Job, protected LoopEnd {
 public:
  using Job::Job;

 protected:
  ~RootJob() override = default;
  /// Before start(), on the loop.
  void register_root() { loop().when_loop_ends(*this); }
  /// The io_context is destroyed before the job has ended.
  void loop_ended() noexcept override {}
};

}  // namespace tern::detail
