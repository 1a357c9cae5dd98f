#include "tern/transport/traffic.h"

#include <algorithm>
#include <ctime>

namespace tern {

void CallCounts::count_start() noexcept {
  ++started;
  // The coarse clock costs a few instructions; this is on every call's way.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  last_started = WallClock::time_point{std::chrono::duration_cast<WallClock::duration>(
      std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec})};
}

CallCounts& CallCounts::operator+=(const CallCounts& other) noexcept {
  started += other.started;
  succeeded += other.succeeded;
  failed += other.failed;
  last_started = std::max(last_started, other.last_started);
  return *this;
}

}  // namespace tern
