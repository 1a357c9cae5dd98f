// PerLoop<T>: a T for each of the loops that were started together, so that what every call touches is shared with no
// other thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "tern/async/loop.h"

namespace tern {

/// Made on one of the loops; throws std::logic_error outside of them.
template <class T>
class PerLoop {
 public:
  PerLoop() {
    for (Loop* loop : Loop::require_current("a PerLoop").siblings()) {
      loops_.push_back(loop);
      parts_.push_back(std::make_unique<T>());
    }
  }

  /// The part of the loop that runs now. On another program's loop, or none: the first one's.
  [[nodiscard]] T& here() noexcept {
    const Loop* loop = Loop::current();
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i] == loop) return *parts_[i];
    }
    return *parts_.front();
  }

  [[nodiscard]] std::span<Loop* const> loops() const noexcept { return loops_; }
  /// In the order of loops(). What is read of another loop's part must be made for it (Counter).
  [[nodiscard]] auto begin() const noexcept { return parts_.begin(); }
  [[nodiscard]] auto end() const noexcept { return parts_.end(); }

 private:
  std::vector<Loop*> loops_;
  std::vector<std::unique_ptr<T>> parts_;
};

}  // namespace tern
