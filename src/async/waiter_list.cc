#include "tern/detail/waiter_list.h"

#include <cassert>
#include <stdexcept>
#include <string>

#include "tern/async/loop.h"

namespace tern::detail {

void Waiter::wait(std::coroutine_handle<> caller, Job& job) {
  assert(list_ != nullptr && !ListNode<Waiter>::linked());
  if (!list_->empty() && &list_->waiters_.front().job()->loop() != &job.loop()) {
    throw std::logic_error(std::string{primitive()} +
                           " is used on one loop, and a coroutine of another loop waits for it already: make one for "
                           "each loop, or use Broadcast, Watch, ThreadEvent or ThreadOneShot between loops");
  }
  notified_ = false;
  if (begin_wait(caller, job)) list_->waiters_.push_back(*this);
}

void Waiter::leave() noexcept {
  if (!ListNode<Waiter>::linked()) return;
  ListNode<Waiter>::unlink();
  if (order_ == WakeOrder::kInOrder) list_->notify_first();
  if (order_ == WakeOrder::kOne && notified_) list_->notify_one();
}

void Waiter::took() noexcept {
  if (!ListNode<Waiter>::linked()) return;
  ListNode<Waiter>::unlink();
  if (order_ == WakeOrder::kInOrder) list_->notify_first();
}

void Waiter::check_cancelled() {
  if (job() == nullptr || !job()->cancelled()) return;
  leave();
  throw Cancelled{};
}

void Waiter::check_alive() const {
  if (list_ != nullptr) return;
  throw std::logic_error(std::string{primitive()} +
                         " was destroyed while a coroutine waited for it: let it outlive its waiters, or cancel them "
                         "first");
}

void WaiterList::notify_front() noexcept {
  Waiter& first = waiters_.front();
  assert(Loop::current() == nullptr || Loop::current() == &first.job()->loop());
  if (!first.notified_ && first.ready()) first.notify();
}

bool WaiterList::notify_one() noexcept {
  bool found = false;
  waiters_.for_each([&found](Waiter& waiter) {
    if (found || waiter.notified_ || !waiter.ready()) return;
    found = true;
    waiter.notify();
  });
  return found;
}

bool WaiterList::notify_all() noexcept {
  bool all = true;
  waiters_.for_each([&all](Waiter& waiter) {
    if (waiter.notified_) return;
    if (waiter.ready()) {
      waiter.notify();
    } else {
      all = false;
    }
  });
  return all;
}

void WaiterList::release_all() noexcept {
  while (!waiters_.empty()) waiters_.pop_front().notify();
}

void WaiterList::abandon(Waiter& waiter) noexcept {
  if (!waiter.ListNode<Waiter>::linked()) return;
  waiter.ListNode<Waiter>::unlink();
  waiter.list_ = nullptr;
  waiter.wake();
}

void WaiterList::abandon_all() noexcept {
  while (!waiters_.empty()) abandon(waiters_.front());
}

}  // namespace tern::detail
