// PerLoop<T>: a T for each of the loops that were started together, so that what every call touches is shared with no
// other thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "tern/async/loop.h"

namespace tern {

/// Made on one of the loops; throws std::logic_error outside of them. Destroyed on any thread, when no loop uses it any
/// more.
template <class T>
class PerLoop {
 public:
  PerLoop() {
    for (Loop* loop : Loop::require_current("a PerLoop").siblings()) {
      loops_.push_back(loop);
      parts_.push_back(std::make_unique<T>());
    }
  }

  /// The part of the loop that runs now. A loop that was not started together with the others has one too, which is
  /// made at its first call and takes a lock to find. Throws std::logic_error outside of a loop.
  [[nodiscard]] T& here() {
    Loop* loop = &Loop::require_current("a PerLoop");
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i] == loop) return *parts_[i];
    }
    const std::lock_guard lock{mutex_};
    std::unique_ptr<T>& part = strangers_[loop];
    if (part == nullptr) part = std::make_unique<T>();
    return *part;
  }

  /// Those that were started together.
  [[nodiscard]] std::span<Loop* const> loops() const noexcept { return loops_; }
  /// Of all loops: in the order of loops(), then the others'. Read only members of another loop's part that are made
  /// for it (Counter).
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
  std::map<const Loop*, std::unique_ptr<T>> strangers_;
};

}  // namespace tern
