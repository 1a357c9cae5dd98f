// PerLoop<T>: a T for each of the loops that were started together, so that no loop waits for another.
//
//   struct Counts { tern::Counter accepted; tern::Counter rejected; };
//   tern::PerLoop<Counts> counts;
//   counts.here().accepted.add();
//   for (const Counts* each : counts.all()) sum += each->accepted.value();
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "tern/async/loop.h"

namespace tern {

/// The constructor runs on one of the loops and makes a T for each; it throws std::logic_error elsewhere. The
/// destructor runs on any thread, when no loop uses the PerLoop any more.
template <class T>
class PerLoop {
 public:
  PerLoop() {
    for (Loop* loop : Loop::require_current("a PerLoop").siblings()) {
      loops_.push_back(loop);
      parts_.push_back(std::make_unique<T>());
    }
  }

  /// The T of the loop that runs now. A loop that was not started together with the others gets one at its first call,
  /// and each of its calls takes a lock. Throws std::logic_error outside of a loop.
  [[nodiscard]] T& here() {
    Loop* loop = &Loop::require_current("a PerLoop");
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i] == loop) return *parts_[i];
    }
    const std::lock_guard lock{mutex_};
    for (const auto& [stranger, part] : strangers_) {
      if (stranger == loop) return *part;
    }
    return *strangers_.emplace_back(loop, std::make_unique<T>()).second;
  }

  /// The loops that were started together.
  [[nodiscard]] std::span<Loop* const> loops() const noexcept { return loops_; }
  /// The T of each loop, in the order of loops(), then those of other loops. May be called on any thread. Read only
  /// such members of another loop's T as allow it: Counter, std::atomic.
  [[nodiscard]] std::vector<T*> all() const {
    std::vector<T*> all;
    all.reserve(parts_.size());
    for (const auto& part : parts_) all.push_back(part.get());
    const std::lock_guard lock{mutex_};
    for (const auto& [loop, part] : strangers_) all.push_back(part.get());
    return all;
  }

 private:
  std::vector<Loop*> loops_;
  std::vector<std::unique_ptr<T>> parts_;
  mutable std::mutex mutex_;
  std::vector<std::pair<const Loop*, std::unique_ptr<T>>> strangers_;
};

}  // namespace tern
