// What Intake and LongMessages share: room that grows while somebody waits for it, and peers that are looked at now and
// then, whether they go on with what they have begun.
#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "tern/detail/intrusive_list.h"

namespace tern::http2 {

/// Who holds no more than this, in bytes, has no part in a crowd.
inline constexpr std::size_t kSmallPart = std::size_t{128} * 1024;

/// How often it is looked.
inline constexpr std::chrono::seconds kLookEvery{1};

/// A peer that sends less than this in so many looks, and could, does not go on: 43 kbit/s.
inline constexpr std::size_t kLeastProgress = std::size_t{16} * 1024;
inline constexpr unsigned kPatience = 3;

/// In place of a number of bytes.
inline constexpr std::size_t kNoLimit = SIZE_MAX;

class GrowingRoom {
 public:
  /// In bytes, or kNoLimit. `most`: what it may grow to, or kNoLimit.
  GrowingRoom(std::size_t bytes, std::size_t most) noexcept : bytes_(bytes), most_(most) {}

  [[nodiscard]] bool unlimited() const noexcept { return bytes_ == kNoLimit; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_ + raised_; }
  [[nodiscard]] std::size_t least() const noexcept { return bytes_; }
  [[nodiscard]] bool grown() const noexcept { return raised_ > 0; }
  /// At each look at which somebody waits. A hundred peers that each need half a minute for a message of 4 MiB take
  /// 200 MiB together: without fault, so that the server comes to take them all at once.
  void grow() noexcept {
    if (bytes() < most_) raised_ += kGrowth;
  }
  /// To so many times the least, if it is not more already.
  void raise(std::size_t times) noexcept {
    assert(times > 0 && !unlimited());
    const std::size_t wanted = std::min(times * bytes_, most_);
    if (bytes() < wanted) raised_ = wanted - bytes_;
    assert(bytes() >= wanted);
  }
  void shrink() noexcept { raised_ = 0; }

 private:
  static constexpr std::size_t kGrowth = std::size_t{2} * 1024 * 1024;

  std::size_t bytes_;
  std::size_t most_;
  std::size_t raised_ = 0;
};

/// Of one peer with what it has begun.
class Progress {
 public:
  /// From now on, at `came` bytes in all.
  void begin(std::uint64_t came) noexcept {
    seen_ = came;
    quiet_ = 0;
  }
  /// `could`: there was room for more. `patience`: looks after which it is stalled.
  void look(std::uint64_t came, bool could, unsigned patience = kPatience) noexcept {
    if (came - seen_ >= kLeastProgress) {
      begin(came);
    } else if (could && ++quiet_ >= patience) {
      quiet_ = 0;
      stalled_ = true;
    }
  }
  /// Looks since it was last found to go on, or stalled.
  [[nodiscard]] unsigned quiet() const noexcept { return quiet_; }
  /// Once for each time that it was found so.
  [[nodiscard]] bool take_stalled() noexcept { return std::exchange(stalled_, false); }

 private:
  std::uint64_t seen_ = 0;  // when it was last found to go on
  unsigned quiet_ = 0;      // looks since
  bool stalled_ = false;
};

/// Gives up those of `list` whose progress was found stalled. Giving up one may change all of the list.
template <class Part, class GiveUp>
void give_up_stalled(IntrusiveList<Part>& list, Progress Part::* progress, GiveUp give_up) {
  for (Part* next = nullptr;; next = nullptr) {
    list.for_each([&next, progress](Part& part) {
      if (next == nullptr && (part.*progress).take_stalled()) next = &part;
    });
    if (next == nullptr) return;
    give_up(*next);
  }
}

}  // namespace tern::http2
