#include "tern/detail/feed.h"

#include <stdexcept>
#include <string>

namespace tern::detail {

std::shared_ptr<Feed::Place> Feed::place_here(const char* what) {
  Loop& loop = Loop::require_current(what);
  const std::lock_guard lock{mutex};
  for (const std::shared_ptr<Place>& place : places_) {
    if (place->is_of(loop)) return place;
  }
  return places_.emplace_back(std::make_shared<Place>(loop));
}

void Feed::advance() {
  ++version_;
  wake_all();
}

void Feed::end() {
  ended_ = true;
  wake_all();
}

void Feed::wake_all() {
  for (const std::shared_ptr<Place>& place : places_) {
    if (place->asleep_.exchange(false)) place->signal();
  }
}

// A view that has looked at the newest value meanwhile goes on waiting. Should a publication have come before it counts
// as asleep again, the second look finds it.
void Feed::Place::signalled() noexcept {
  if (waiters.notify_all()) return;
  asleep_ = true;
  static_cast<void>(waiters.notify_all());
}

bool Feed::has_news(std::uint64_t seen, Place& place) {
  const std::lock_guard lock{mutex};
  if (version() != seen || ended()) return true;
  place.asleep_ = true;
  return false;
}

Subscription::~Subscription() {
  if (waiting_ == nullptr) return;
  waiting_->subscription_ = nullptr;
  WaiterList::abandon(*waiting_);
}

FeedWaiter::~FeedWaiter() {
  if (subscription_ != nullptr && subscription_->waiting_ == this) subscription_->waiting_ = nullptr;
}

bool FeedWaiter::begin(std::coroutine_handle<> caller, Job& job) {
  Subscription& mine = *subscription_;
  if (!mine.place->is_of(job.loop())) {
    throw std::logic_error(std::string{primitive()} +
                           " is used on the loop that called subscribe(): subscribe on each loop");
  }
  if (mine.waiting_ != nullptr && mine.waiting_ != this) {
    throw std::logic_error(std::string{primitive()} +
                           " is awaited by one coroutine at a time, and another one awaits it: subscribe once more");
  }
  if (!job.cancelled() && mine.feed->has_news(mine.seen, *mine.place)) return false;
  mine.waiting_ = this;
  wait(caller, job);
  return true;
}

}  // namespace tern::detail
