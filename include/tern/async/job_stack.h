// JobStack: where a job stands: what it awaits, and the coroutines that await each other. For people who look at a
// running program (Server::inspect()); tools/gdb/tern.py shows the same of a stopped one.
#pragma once

#include <string>
#include <typeinfo>
#include <vector>

#include "tern/api.h"
#include "tern/async/job.h"

namespace tern {

/// Made on the job's loop, and cheap. Read on any thread, also when the job has ended.
class TERN_API JobStack {
 public:
  /// Of no job: awaits() and coroutines() are empty.
  JobStack() = default;
  explicit JobStack(const Job& job);

  /// Names the thing that the innermost coroutine awaits: "sleep", "run_in_executor", "a message of the peer", or the
  /// awaiter's type. Empty while the job runs, or waits for its turn on the loop.
  [[nodiscard]] std::string awaits() const;

  /// The coroutines' functions, the innermost first: "load(int) at orders.cc:31". The line is the function's. Files and
  /// lines need debug information (-g1), names of functions with internal linkage too. The first call in a program
  /// reads that information, which may take a second: call it in run_in_executor().
  [[nodiscard]] std::vector<std::string> coroutines() const;

 private:
  void add(const Job& job);

  const std::type_info* awaited_ = nullptr;
  std::vector<const void*> functions_;  // that resume the coroutines
};

}  // namespace tern
