// ChildProcess: a program that this process starts and waits for, without a thread.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

#include "tern/async/job.h"
#include "tern/async/task.h"

namespace tern {

/// Killed at the end (SIGKILL), unless it has ended or was released.
class ChildProcess {
 public:
  /// Starts `program`. It has the standard streams of this process, and `kept`, a descriptor, under the same number; no
  /// signal is blocked in it. Throws std::runtime_error when it cannot be started.
  ChildProcess(const std::string& program, std::span<const std::string> arguments,
               std::span<const std::string> environment, int kept);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t id() const noexcept { return id_; }
  /// It lives on, and init will wait for it when this process has ended.
  void release() noexcept { id_ = -1; }
  /// Waits for its end; kills it at `limit`. Returns how it ended: "ended with status 1", "was killed by signal 11".
  [[nodiscard]] Task<std::string> end(Clock::time_point limit);

 private:
  pid_t id_ = -1;
};

}  // namespace tern
