// MemoryBudget: bytes of messages that one connection holds, received and not read or written and not sent; LoopBudget:
// those that all connections of a server's part on one loop hold together. A connection that has much to send begins
// nothing more (crowded). One that holds much of messages that have come in part waits for the others (Intake).
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "http2/intake.h"
#include "http2/long_messages.h"
#include "tern/api.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/detail/timer_queue.h"

namespace tern::http2 {

/// What calls and requests are refused with whose answers nobody takes.
inline constexpr const char* kNothingIsTaken =
    "the client does not take what is sent to it (max_buffered_bytes_per_connection, max_buffered_bytes, "
    "max_unsent_bytes)";

class LoopBudget {
 public:
  /// In bytes.
  struct Limits {
    /// Of messages that are held.
    std::size_t held = kNoLimit;
    /// Of messages that wait to be sent, from which on the loop counts as crowded.
    std::size_t unsent = kNoLimit;
    /// Of messages that have come in part, from which on connections take turns (Intake).
    std::size_t unfinished = kNoLimit;
    /// Of the long messages that come in at the same time (LongMessages).
    std::size_t long_messages = kNoLimit;
  };
  LoopBudget(Loop& loop, Limits limits) noexcept
      : loop_(loop),
        limits_(limits),
        little_(std::min({limits.held, limits.unsent, limits.unfinished, limits.long_messages})),
        intake_(loop, limits.unfinished, limits.held),
        long_messages_(loop, limits.long_messages, limits.held) {}
  LoopBudget(const LoopBudget&) = delete;
  LoopBudget& operator=(const LoopBudget&) = delete;

  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  /// Of messages that are not received as a whole, and were not let go on.
  [[nodiscard]] std::size_t unfinished() const noexcept { return intake_.bytes(); }

  /// What timers do each second while somebody waits, for those that have a time of their own.
  void look_round() {
    intake_.look_round();
    long_messages_.look_for_standstill();
    long_messages_.look_round();
  }

 private:
  friend class MemoryBudget;
  /// Memory that much was held in goes back to the system when most of it is free.
  void much_is_held();
  void give_back_if_free();

  Loop& loop_;
  Limits limits_;
  std::size_t little_;  // up to this, none of the limits is reached
  std::size_t used_ = 0;
  std::size_t unsent_ = 0;  // of `used_`
  std::size_t parts_ = 0;
  Intake intake_;
  LongMessages long_messages_;
  MemberTimer<LoopBudget, &LoopBudget::give_back_if_free> thrift_{*this};
};

/// All on the loop.
class TERN_API MemoryBudget {
 public:
  /// kNone: its calls never wait for those of others, also where the whole is crowded.
  enum class Turns : bool { kNone, kTakes };
  /// A part of `whole`, which must outlive it. `limit`: of what it holds itself, in bytes, or kNoLimit.
  MemoryBudget(std::size_t limit, LoopBudget& whole, Turns turns = Turns::kTakes) noexcept
      : limit_(limit), takes_turns_(turns == Turns::kTakes), whole_(whole), intake_(whole.intake_) {
    ++whole_.parts_;
  }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;
  ~MemoryBudget() {
    assert(whole_.parts_ > 0);
    assert(whole_.used_ >= used_ && whole_.unsent_ >= unsent_ && used_ >= unsent_);
    --whole_.parts_;
    whole_.used_ -= used_;
    whole_.unsent_ -= unsent_;
  }

  void take(std::size_t size) noexcept {
    used_ += size;
    whole_.used_ += size;
    assert(whole_.used_ >= used_);
  }
  void give(std::size_t size) noexcept {
    assert(used_ >= size && whole_.used_ >= size);
    used_ -= size;
    whole_.used_ -= size;
  }

  /// The same for bytes that wait to be sent.
  void take_unsent(std::size_t size) noexcept {
    take(size);
    unsent_ += size;
    assert(unsent_ <= used_);
    whole_.unsent_ += size;
  }
  void give_unsent(std::size_t size) noexcept {
    give(size);
    assert(unsent_ >= size && whole_.unsent_ >= size);
    unsent_ -= size;
    sent_ += size;
    whole_.unsent_ -= size;
    if (room_.waited_for() && !crowded()) room_.set();
  }
  /// How much has ever been sent, or given up.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

  /// Whether a call that holds `own` bytes may hold `size` more. A call that is alone on its connection may, however
  /// long its message; where the whole is used up, each part may still use its fair share, so that one that hoards does
  /// not starve the others.
  [[nodiscard]] bool allows(std::size_t size, std::size_t own) const noexcept {
    if (used_ != own && used_ + size > limit_) return false;
    return whole_.used_ + size <= whole_.little_ || allows_where_much_is_held(size);
  }

  /// Whether all parts have much to send, and this one has part in it: it had better begin nothing more.
  [[nodiscard]] bool crowded() const noexcept {
    return unsent_ > kSmallPart && takes_turns_ && whole_.unsent_ > whole_.limits_.unsent;
  }
  /// Awaits that it is not; false when its peer has taken nothing for a while.
  Task<bool> until_not_crowded();

  /// What it holds of messages that are not received as a whole; its peer waits its turn there.
  [[nodiscard]] Intake::Part& intake() noexcept { return intake_; }
  /// Which of the long ones may go on.
  [[nodiscard]] LongMessages::Peer& long_messages() {
    if (long_messages_ == nullptr)
      long_messages_ = std::make_unique<LongMessages::Peer>(whole_.long_messages_, intake_);
    return *long_messages_;
  }
  /// Whether its messages count there at all.
  [[nodiscard]] bool takes_turns() const noexcept { return takes_turns_; }

 private:
  [[nodiscard]] bool allows_where_much_is_held(std::size_t size) const noexcept;

  std::size_t limit_;
  bool takes_turns_;
  std::size_t used_ = 0;
  std::size_t unsent_ = 0;  // of `used_`
  std::uint64_t sent_ = 0;
  LoopBudget& whole_;
  Intake::Part intake_;
  std::unique_ptr<LongMessages::Peer> long_messages_;  // since the first one
  Event room_;  // set, while somebody waits, when so much was sent that it is no longer crowded
};

}  // namespace tern::http2
