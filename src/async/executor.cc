#include "tern/async/executor.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tern {

std::size_t core_count() noexcept { return std::max(1U, std::thread::hardware_concurrency()); }

/// Not in the header, whose readers need not compile threads.
struct Executor::Pool {
  void serve();

  std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable idle;
  IntrusiveList<Work> queue;
  std::size_t working = 0;
  bool stopping = false;
  std::vector<std::thread> threads;
};

Executor::Executor(std::size_t threads) : pool_(std::make_unique<Pool>()) {
  if (threads == 0) {
    throw std::invalid_argument("an Executor with 0 threads would do no work: core_count() is one for each core");
  }
  pool_->threads.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) pool_->threads.emplace_back([pool = pool_.get()] { pool->serve(); });
}

Executor::~Executor() {
  {
    const std::lock_guard lock{pool_->mutex};
    pool_->stopping = true;
  }
  pool_->changed.notify_all();
  for (std::thread& thread : pool_->threads) thread.join();
  assert(pool_->queue.empty() && pool_->working == 0);
}

std::size_t Executor::threads() const noexcept { return pool_->threads.size(); }

void Executor::submit(Work& work) {
  work.counted_by_ = detail::test_clock();
  if (work.counted_by_ != nullptr) [[unlikely]]
    work.counted_by_->work_begun();
  {
    const std::lock_guard lock{pool_->mutex};
    pool_->queue.push_back(work);
  }
  pool_->changed.notify_one();
}

bool Executor::withdraw(Work& work) {
  {
    const std::lock_guard lock{pool_->mutex};
    if (!work.linked()) return false;
    work.unlink();
  }
  if (work.counted_by_ != nullptr) [[unlikely]]
    work.counted_by_->work_ended();
  return true;
}

bool Executor::wait_until_idle(Clock::time_point limit) {
  std::unique_lock lock{pool_->mutex};
  // By the duration: a time point would be one of a test's clock, which stands while this thread blocks.
  return pool_->idle.wait_for(lock, limit - Clock::now(),
                              [pool = pool_.get()] { return pool->queue.empty() && pool->working == 0; });
}

void Executor::Pool::serve() {
  std::unique_lock lock{mutex};
  for (;;) {
    changed.wait(lock, [this] { return stopping || !queue.empty(); });
    if (queue.empty()) return;
    Work& work = queue.pop_front();
    ++working;
    lock.unlock();
    detail::TestClock* const clock = work.counted_by_;  // the work may be gone when it has been done
    detail::counts_this_thread = clock;
    work.work();
    detail::counts_this_thread = nullptr;
    if (clock != nullptr) [[unlikely]]
      clock->work_ended();
    lock.lock();
    assert(working > 0 && working <= threads.size());
    if (--working == 0) idle.notify_all();
  }
}

namespace detail {

/// Shared between the loop and the worker, since either may be the last to know.
struct ExecutorWait::Running final : Executor::Work, std::enable_shared_from_this<Running> {
  Running(ExecutorWait& its_wait, Loop& its_loop) : wait(&its_wait), loop(its_loop) {}

  void work() noexcept override {
    wait->call();  // not destroyed meanwhile: abandon() waits for `ended`
    const std::shared_ptr<Running> self = shared_from_this();
    ended.store(true, std::memory_order_release);
    ended.notify_all();
    const std::lock_guard lock{mutex};
    if (orphaned) return;
    loop.post([self] {
      if (self->wait != nullptr) self->wait->wake();
    });
  }

  ExecutorWait* wait;  // of the loop's thread, once the call has ended
  Loop& loop;
  std::atomic<bool> ended = false;
  std::mutex mutex;
  bool orphaned = false;  // `loop` may be gone
};

void ExecutorWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  if (executor_ == nullptr) executor_ = &job.loop().default_executor();
  running_ = std::make_shared<Running>(*this, job.loop());
  executor_->submit(*running_);
}

void ExecutorWait::cancel() noexcept {
  assert(running_ != nullptr);
  // What runs already is waited for, and its result delivered.
  if (executor_->withdraw(*running_)) return wake();
  request_stop();
}

bool ExecutorWait::held_elsewhere() noexcept {
  if (!waiting() || running_->ended.load(std::memory_order_acquire)) return false;
  cancel();  // work that has not begun is taken back
  return waiting();
}

void ExecutorWait::orphan() noexcept {
  request_stop();
  const std::lock_guard lock{running_->mutex};
  running_->orphaned = true;
}

void ExecutorWait::abandon() noexcept {
  if (!running_) return;
  if (waiting() && !executor_->withdraw(*running_)) {
    request_stop();
    running_->ended.wait(false, std::memory_order_acquire);
  }
  orphan();  // the thread may not have come to posting yet, and the loop may end next
  running_->wait = nullptr;
}

}  // namespace detail

}  // namespace tern
