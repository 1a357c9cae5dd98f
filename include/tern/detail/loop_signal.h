// LoopSignal: how other threads reach what waits on one loop. Counted by references, so that whoever signals may
// outlive the loop and what waits there.
#pragma once

#include <atomic>
#include <memory>

#include "tern/api.h"
#include "tern/async/loop.h"

namespace tern::detail {

class TERN_API LoopSignal : public std::enable_shared_from_this<LoopSignal> {
 public:
  explicit LoopSignal(Loop& loop) : loop_(&loop), mailbox_(loop.mailbox()) {}
  LoopSignal(const LoopSignal&) = delete;
  LoopSignal& operator=(const LoopSignal&) = delete;
  virtual ~LoopSignal() = default;

  /// Has signalled() called on the loop: now, when that runs here, else soon. Calls that come before that count as one;
  /// what their threads did before is seen there. Has no effect after the loop's end. Any thread.
  void signal();

  /// False once the loop has ended and another one may have its address.
  [[nodiscard]] bool is_of(const Loop& loop) const noexcept { return mailbox_ == loop.mailbox(); }
  /// True on the loop's thread.
  [[nodiscard]] bool here() const noexcept { return Loop::current() == loop_; }

 protected:
  virtual void signalled() noexcept = 0;

 private:
  const Loop* loop_;  // is only compared
  std::shared_ptr<LoopMailbox> mailbox_;
  std::atomic<bool> posted_ = false;
};

}  // namespace tern::detail
