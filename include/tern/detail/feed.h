// Feed: what a publisher on any thread and subscribers on any loops share (Broadcast, Watch): a version that goes up,
// and for each loop the coroutines that wait for it to. A publication costs one post for each loop where some wait.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tern/api.h"
#include "tern/detail/loop_signal.h"
#include "tern/detail/recycler.h"
#include "tern/detail/waiter_list.h"

namespace tern::detail {

class TERN_API Feed {
 public:
  /// The subscribers' waits on one loop.
  class Place final : public LoopSignal {
   public:
    using LoopSignal::LoopSignal;
    WaiterList waiters;  // of the loop

   private:
    friend class Feed;
    void signalled() noexcept override;
    std::atomic<bool> asleep_ = false;  // some may wait
  };

  /// Of the loop that runs now; throws std::logic_error outside of one. `what` names the primitive with its article.
  std::shared_ptr<Place> place_here(const char* what);

  /// Any thread. Both are written under the mutex.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(); }
  [[nodiscard]] bool ended() const noexcept { return ended_.load(); }

  /// Both under the mutex: wake whoever waits.
  void advance();
  void end();

  /// True when there is something beyond `seen`. Otherwise the next advance() or end() wakes the waiters in `place`.
  [[nodiscard]] bool has_news(std::uint64_t seen, Place& place);

  /// Guards the published values.
  std::mutex mutex;

 private:
  void wake_all();

  std::atomic<std::uint64_t> version_ = 0;
  std::atomic<bool> ended_ = false;
  std::vector<std::shared_ptr<Place>> places_;
};

class FeedWaiter;

/// A subscriber's position, and its await. Belongs to the loop that made it.
class TERN_API Subscription : public Recycled {
 public:
  Subscription(std::shared_ptr<Feed> its_feed, std::shared_ptr<Feed::Place> its_place, std::uint64_t its_seen) noexcept
      : feed(std::move(its_feed)), place(std::move(its_place)), seen(its_seen) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

  const std::shared_ptr<Feed> feed;
  const std::shared_ptr<Feed::Place> place;
  std::uint64_t seen;        // the last version
  std::uint64_t missed = 0;  // versions that it was too slow for

 private:
  friend class FeedWaiter;
  FeedWaiter* waiting_ = nullptr;
};

/// Base of an await for something beyond the version that a subscriber has seen.
class TERN_API FeedWaiter : public Waiter {
 public:
  FeedWaiter(FeedWaiter&& other) noexcept : Waiter(static_cast<Waiter&&>(other)), subscription_(other.subscription_) {}
  FeedWaiter& operator=(FeedWaiter&&) = delete;
  ~FeedWaiter() override;

  template <HasJob Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    return begin(caller, *caller.promise().job());
  }

 protected:
  explicit FeedWaiter(Subscription& subscription) noexcept
      : Waiter(subscription.place->waiters, WakeOrder::kAll), subscription_(&subscription) {}
  /// Only while that lives: after Taking.
  [[nodiscard]] Subscription& subscription() const noexcept { return *subscription_; }

 private:
  friend class Subscription;
  bool begin(std::coroutine_handle<> caller, Job& job);
  bool ready() noexcept final {
    return subscription_->feed->version() != subscription_->seen || subscription_->feed->ended();
  }

  Subscription* subscription_;  // null once that is gone
};

}  // namespace tern::detail
