// The loops of the process, and their timers: testing::Time moves the time of all loops.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tern/api.h"
#include "tern/async/loop.h"

namespace tern {

/// Any thread.
class TERN_API LoopsOfProcess {
 public:
  void add(std::shared_ptr<LoopMailbox> mailbox);
  void remove(const LoopMailbox& mailbox) noexcept;
  [[nodiscard]] std::vector<std::shared_ptr<LoopMailbox>> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<LoopMailbox>> mailboxes_;
};

/// From a loop's first use until the end of its io_context. Never destroyed: loops may outlive main().
TERN_API LoopsOfProcess& loops_of_process();

/// A loop's timers, moved by somebody else than the operating system's clock. On the loop's thread.
struct LoopTimers {
  /// Returns when the first timer is due; nothing when none is armed.
  [[nodiscard]] static std::optional<Clock::time_point> next(const Loop& loop) noexcept { return loop.timers_.next(); }
  /// Runs the timers that are due by Clock::now(), in a turn, and sets the alarm for the next one.
  static void ring(Loop& loop) { loop.alarm_rings(); }
};

}  // namespace tern
