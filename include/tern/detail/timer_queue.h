// Timers by time of expiry, without a clock: whoever owns the queue says what time it is. A 4-ary heap that knows where
// each timer stands, since most timers (deadlines) are removed long before they expire. Where they stand is kept in a
// table of its own: the timers themselves lie in coroutine frames all over memory, and moving an entry touches none.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tern/api.h"
#include "tern/async/job.h"

namespace tern {

/// Something to be told at a time. Leaves its queue when destroyed.
class TERN_API Timer {
 public:
  Timer() = default;
  /// A timer moves before it is armed; the new one is not armed.
  Timer([[maybe_unused]] Timer&& other) noexcept { assert(!other.armed()); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool armed() const noexcept { return queue_ != nullptr; }
  /// Does nothing when not armed.
  void disarm() noexcept;

 protected:
  ~Timer() { disarm(); }
  /// Not armed any more; may arm itself again.
  virtual void expired() noexcept = 0;

 private:
  friend class TimerQueue;
  class TimerQueue* queue_ = nullptr;
  std::uint32_t slot_ = 0;  // in the queue's table, while armed
};

/// A timer that calls a member function of its owner, which it is a part of.
template <class Owner, void (Owner::*kExpired)()>
class MemberTimer final : public Timer {
 public:
  explicit MemberTimer(Owner& owner) noexcept : owner_(owner) {}

 private:
  void expired() noexcept override { (owner_.*kExpired)(); }
  Owner& owner_;
};

class TERN_API TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue();

  /// Arms (or arms anew) `timer` for `when`.
  void arm(Timer& timer, Clock::time_point when);

  /// When the first expires; nothing when none is armed.
  [[nodiscard]] std::optional<Clock::time_point> next() const noexcept;

  /// Disarms each timer that is due at `now`, in order of time, and tells it.
  void expire(Clock::time_point now) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

 private:
  friend class Timer;
  struct Entry {
    Clock::time_point when;
    Timer* timer;
    std::uint32_t slot;
  };
  static constexpr std::size_t kArity = 4;
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

  std::uint32_t take_slot();
  void remove(std::uint32_t slot) noexcept;
  void put(std::size_t place, Entry entry) noexcept;
  void sift_up(std::size_t place, Entry entry) noexcept;
  void sift_down(std::size_t place, Entry entry) noexcept;

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> places_;  // by slot: the place in the heap; of a free slot, the next free one
  std::uint32_t free_slot_ = kNoSlot;
};

}  // namespace tern
