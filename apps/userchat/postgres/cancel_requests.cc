#include "postgres/cancel_requests.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace userchat::postgres {

/// The thread's too, which may outlive the object.
struct CancelRequests::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<CancelPtr> waiting;
  bool started = false;
  bool ending = false;
};

CancelRequests::CancelRequests() : shared_(std::make_shared<Shared>()) {}

CancelRequests::~CancelRequests() {
  const std::lock_guard lock{shared_->mutex};
  shared_->ending = true;
  shared_->waiting.clear();
  shared_->changed.notify_one();
}

void CancelRequests::send(CancelPtr cancel) {
  const std::lock_guard lock{shared_->mutex};
  shared_->waiting.push_back(std::move(cancel));
  shared_->changed.notify_one();
  if (!std::exchange(shared_->started, true)) std::thread{[shared = shared_] { send_all(shared); }}.detach();
}

void CancelRequests::send_all(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock{shared->mutex};
  for (;;) {
    shared->changed.wait(lock, [&] { return shared->ending || !shared->waiting.empty(); });
    if (shared->ending) return;
    const CancelPtr cancel = std::move(shared->waiting.front());
    shared->waiting.pop_front();
    lock.unlock();
    std::array<char, 256> problem{};
    PQcancel(cancel.get(), problem.data(), static_cast<int>(problem.size()));
    lock.lock();
  }
}

}  // namespace userchat::postgres
