// MemoryBudget: bytes of messages that one connection holds, received and not read or written and not sent, and that
// all connections of a server's part on one loop hold together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tern/async/event.h"

namespace tern::http2 {

class MemoryBudget {
 public:
  /// In bytes; 0: none.
  struct Limits {
    /// Of messages that are held.
    std::size_t held = 0;
    /// Of messages that wait to be sent, from which on the whole counts as crowded.
    std::size_t crowded = 0;
  };
  explicit MemoryBudget(Limits limits) noexcept : limits_(limits) {}
  /// A part of `whole`, which must outlive it, with a limit of its own to what it holds; 0: none, also where the whole
  /// is crowded.
  MemoryBudget(std::size_t limit, MemoryBudget& whole) noexcept : limits_({.held = limit}), whole_(&whole) {
    ++whole_->parts_;
  }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;
  ~MemoryBudget() {
    if (whole_ == nullptr) return;
    --whole_->parts_;
    whole_->give(used_);
    whole_->unsent_ -= unsent_;
  }

  void take(std::size_t size) noexcept {
    used_ += size;
    if (whole_ != nullptr) whole_->used_ += size;
  }
  void give(std::size_t size) noexcept {
    used_ -= size;
    if (whole_ != nullptr) whole_->used_ -= size;
  }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

  /// The same for bytes that wait to be sent.
  void take_unsent(std::size_t size) noexcept {
    take(size);
    unsent_ += size;
    if (whole_ != nullptr) whole_->unsent_ += size;
  }
  void give_unsent(std::size_t size) noexcept {
    give(size);
    unsent_ -= size;
    sent_ += size;
    if (whole_ != nullptr) whole_->unsent_ -= size;
    if (room_.waited_for() && !crowded()) room_.set();
  }
  /// How much has ever been sent, or given up.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

  /// Whether a call that holds `own` bytes may hold `size` more. A call that is alone on its connection may, however
  /// long its message; where the whole is used up, each part may still use its fair share, so that one that hoards does
  /// not starve the others.
  [[nodiscard]] bool allows(std::size_t size, std::size_t own) const noexcept {
    if (limits_.held != 0 && used_ != own && used_ + size > limits_.held) return false;
    if (whole_ == nullptr || whole_->limits_.held == 0 || whole_->used_ + size <= whole_->limits_.held) return true;
    return used_ + size <= whole_->limits_.held / whole_->parts_;
  }

  /// Whether all parts have much to send, and this one has part in it: it had better begin nothing more.
  [[nodiscard]] bool crowded() const noexcept {
    return unsent_ > kUnsentWhenCrowded && limits_.held != 0 && whole_ != nullptr && whole_->limits_.crowded != 0 &&
           whole_->unsent_ > whole_->limits_.crowded;
  }
  /// Set, while somebody waits, when this part has sent so much that it is no longer crowded.
  [[nodiscard]] Event& room() noexcept { return room_; }

 private:
  static constexpr std::size_t kUnsentWhenCrowded = std::size_t{128} * 1024;

  Limits limits_;
  std::size_t used_ = 0;
  std::size_t unsent_ = 0;  // of `used_`
  std::uint64_t sent_ = 0;
  std::size_t parts_ = 0;
  MemoryBudget* whole_ = nullptr;
  Event room_;
};

}  // namespace tern::http2
