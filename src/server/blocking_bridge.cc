#include "tern/detail/blocking_bridge.h"

#include <cassert>

#include "tern/detail/misuse.h"

namespace tern {

/// The task that a worker waits for, as a job on the loop.
class BlockingBridge::Visit final : public Job {
 public:
  explicit Visit(BlockingBridge& bridge) : Job(bridge.loop_), bridge_(bridge) {}

 private:
  void finished(std::exception_ptr error) override { bridge_.visit_ended(std::move(error)); }
  BlockingBridge& bridge_;
};

BlockingBridge::BlockingBridge(Loop& loop) noexcept : loop_(loop) {}
BlockingBridge::~BlockingBridge() = default;

void BlockingBridge::run_and_wait(Task<void> task) {
  std::unique_lock lock{mutex_};
  if (closed_) throw Cancelled{};
  if (busy_) {
    detail::throw_misuse(
        "a synchronous handler reads and writes on two threads at once: use its reader and writer on one thread");
  }
  busy_ = true;
  ended_ = false;
  error_ = nullptr;
  loop_.post([self = shared_from_this(), body = std::make_shared<Task<void>>(std::move(task))] {
    {
      const std::lock_guard loop_lock{self->mutex_};
      if (self->closed_) return;
    }
    assert(self->visit_ == nullptr && Loop::current() == &self->loop_);
    self->visit_ = std::make_unique<Visit>(*self);
    self->visit_->start(std::move(*body));
  });
  blocked_.begin(detail::counts_this_thread);
  changed_.wait(lock, [this] { return closed_ || ended_; });
  busy_ = false;
  if (!ended_) throw Cancelled{};
  if (error_) std::rethrow_exception(error_);
}

void BlockingBridge::visit_ended(std::exception_ptr error) {
  visit_.reset();
  {
    const std::lock_guard lock{mutex_};
    blocked_.end();
    assert(busy_ && !ended_);
    ended_ = true;
    error_ = std::move(error);
  }
  changed_.notify_all();
}

void BlockingBridge::close() noexcept {
  visit_.reset();
  {
    const std::lock_guard lock{mutex_};
    blocked_.end();
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace tern
