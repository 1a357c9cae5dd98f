// HeldClock: the clock of a test that holds the time. It moves only when nothing is left to do at the present time.
//
// How it knows: it sends a probe to every loop of the process. A probe goes through its loop's queue a few times, so
// that whatever was posted and whatever sockets have are handled meanwhile, and reports how many turns the loop has had
// and when its next timer is due. When two rounds of probes in a row report the same turns on every loop, and no work
// ran elsewhere (an executor's threads) when the second round began, all loops are at rest: work that one loop posts to
// another costs the first a turn before, or the second a turn after. The time then jumps to the first timer of all, the
// next probes ring it, and so on. The last probe to return begins the next round, on its own thread: on one loop a step
// takes some microseconds. The clock has no thread of its own.
//
//   free --take()--> held --release()--> free, ahead of the system's clock
//   held: resting --advance(), a timer in automatic mode--> probing --nothing to do--> resting
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/loops_of_process.h"
#include "tern/async/clock.h"
#include "tern/async/loop.h"

namespace tern::testing {

/// One for the process, never destroyed. Any thread.
class HeldClock final : public detail::TestClock {
 public:
  static HeldClock& get();

  /// Holds the time, at what it is now. Throws std::logic_error when it is held, or when a server listens.
  /// In automatic mode it goes on by itself, up to `limit` from now.
  void take(bool automatic, Clock::duration limit);
  /// The time goes on as the system's clock does. An advance that has not ended fails.
  void release() noexcept;

  /// Moves the time to `target`, then calls `arrived` on some loop. One at a time: throws std::logic_error. Returns a
  /// number for abandon_advance(), which has no effect on an advance that has arrived.
  std::uint64_t advance_to(Clock::time_point target, std::function<void()> arrived);
  void abandon_advance(std::uint64_t number) noexcept;

  /// Grows with each jump of the time and each end of work outside of the loops. It stays the same while nothing moves.
  [[nodiscard]] std::uint64_t progress() const noexcept { return progress_.load(std::memory_order_relaxed); }
  /// True when the automatic time has reached its limit, and has said so.
  [[nodiscard]] bool at_limit() const;
  /// Counts the rounds of probes.
  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_.load(std::memory_order_relaxed); }
  /// Says what the time waits for, where progress() has stayed the same since there were so many rounds.
  [[nodiscard]] std::string obstacle(std::uint64_t rounds_then) const;

  [[nodiscard]] TimePoint now() const noexcept override;
  [[nodiscard]] bool held() const noexcept override { return held_.load(std::memory_order_acquire); }
  [[nodiscard]] TimePoint to_real(TimePoint when) const noexcept override;
  void timer_armed() noexcept override;
  void work_begun() noexcept override;
  void work_ended() noexcept override;

 private:
  class Probe;
  class Entry;

  HeldClock() = default;
  void begin_probing();
  void begin_round();
  void take_answer(const Probe& probe);
  void end_round();
  /// All loops are at rest.
  void move_on();
  [[nodiscard]] bool wants_to_move() const noexcept { return target_.has_value() || automatic_; }

  std::atomic<bool> held_ = false;
  std::atomic<TimePoint::rep> now_ = 0;    // while it is held
  std::atomic<TimePoint::rep> ahead_ = 0;  // of the system's clock, while it is free; behind it below 0
  std::atomic<std::uint64_t> progress_ = 0;
  std::atomic<std::uint64_t> rounds_ = 0;

  mutable std::mutex mutex_;
  bool automatic_ = false;
  bool at_limit_ = false;
  TimePoint limit_;  // in automatic mode
  std::optional<TimePoint> target_;
  std::function<void()> arrived_;
  std::uint64_t advances_ = 0;
  std::size_t work_ = 0;  // outside of the loops

  bool probing_ = false;
  std::size_t left_ = 0;  // probes of this round
  bool moved_ = false;    // a loop has had a turn since the round before
  bool worked_ = false;   // work ran outside of the loops when the round began
  std::optional<TimePoint> next_;
  std::vector<std::shared_ptr<Probe>> to_send_;
  std::unordered_map<const LoopMailbox*, std::uint32_t> turns_;
};

}  // namespace tern::testing
