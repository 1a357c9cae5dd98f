// ServiceManager: tells systemd, or whatever started the program in its way, how the program is (sd_notify(3)): ready,
// reloading, stopping, and alive as long as each of its loops turns. Without NOTIFY_SOCKET every member does nothing.
//
//   const auto manager = tern::ServiceManager::from_environment();
//   tern::TaskGroup background;
//   background.spawn(manager.keep_watchdog());
//   server.listen("[::]:50051");
//   manager.ready();
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tern/api.h"
#include "tern/async/task.h"

namespace tern {

/// Members may be called on any thread, but for keep_watchdog(). They log a warning when the message cannot be sent,
/// and throw nothing. Each waits for at most a second for a service manager that reads nothing.
class TERN_API ServiceManager {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and leaves them as they are. The watchdog of another process
  /// is not this one's.
  static ServiceManager from_environment();

  /// False when nobody asked to be told.
  [[nodiscard]] bool present() const noexcept { return !socket_.empty(); }
  /// Half of WATCHDOG_USEC; 0 without a watchdog.
  [[nodiscard]] std::chrono::nanoseconds watchdog_interval() const noexcept { return interval_; }

  /// The program serves (READY=1); also the end of reloading(). `status` is for people: `systemctl status` shows it.
  void ready(std::string_view status = {}) const;
  /// The program loads its configuration anew, or is being replaced (RELOADING=1, MONOTONIC_USEC). ready() follows.
  void reloading(std::string_view status = {}) const;
  /// The program begins to end (STOPPING=1).
  void stopping(std::string_view status = {}) const;
  /// Process `pid` is the program from now on, and ready (MAINPID, READY=1). This process tells nothing any more.
  void main_process_is(int pid, std::string_view status = {}) const;

  /// Sends WATCHDOG=1 twice in each WATCHDOG_USEC, as long as this loop and each loop that was started with it turn:
  /// one that is blocked for longer makes the service manager restart the program. Ends at once without a watchdog;
  /// otherwise it goes on until cancelled. On one of the server's loops.
  [[nodiscard]] Task<void> keep_watchdog() const;

 private:
  void send(std::string text, std::string_view status) const;

  std::string socket_;
  std::chrono::nanoseconds interval_{};
};

}  // namespace tern
