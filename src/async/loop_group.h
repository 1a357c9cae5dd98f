// LoopGroup: what the loops of one run(), or of one ContextGroup, have in common; no code on a call's way looks at it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "tern/async/executor.h"
#include "tern/async/loop.h"

namespace tern {

class LoopGroup {
 public:
  /// Returns false for a loop that is in a group already.
  bool add(Loop& loop) {
    if (loop.group_ != nullptr) return false;
    loop.group_ = this;
    loops_.push_back(&loop);
    return true;
  }
  /// Each loop is by itself again. While no thread runs them.
  void release_loops() noexcept {
    for (Loop* loop : loops_) loop->group_ = nullptr;
    loops_.clear();
  }
  [[nodiscard]] const std::vector<Loop*>& loops() const noexcept { return loops_; }

  /// From any thread.
  Executor& executor() {
    const std::lock_guard lock{mutex_};
    if (!executor_) executor_ = std::make_unique<Executor>(core_count());
    return *executor_;
  }

  /// Waits for the executor's running work; to be called before the loops end.
  void close() {
    const std::lock_guard lock{mutex_};
    executor_.reset();
  }

 private:
  std::vector<Loop*> loops_;
  std::mutex mutex_;
  std::unique_ptr<Executor> executor_;
};

}  // namespace tern
