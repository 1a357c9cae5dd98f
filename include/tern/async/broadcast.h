// Broadcast<T>: gives each value to all listeners, on whichever loops they are. A listener that is too slow loses the
// oldest values, can ask how many, and does not delay the publisher or other listeners.
//
//   tern::Broadcast<Quote> quotes{100};
//   auto listener = quotes.subscribe();                                          // on each loop that listens
//   quotes.publish(quote);                                                       // from any thread
//   while (std::shared_ptr<const Quote> quote = co_await listener.next()) {      // null: closed
//     if (const std::uint64_t missed = listener.missed(); missed > 0) log_gap(missed);
//     show(*quote);
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tern/async/queue.h"
#include "tern/detail/feed.h"
#include "tern/detail/recycler.h"

namespace tern {

/// Made, used and destroyed on any thread. Keeps one copy of each of the last `capacity` values, for all listeners.
template <class T>
class Broadcast {
 public:
  class Listener;
  class [[nodiscard]] Next;

  /// Throws std::invalid_argument when `capacity` is 0.
  explicit Broadcast(std::size_t capacity)
      : shared_(std::make_shared<Shared>(detail::require_capacity(capacity, "a Broadcast"))) {}
  Broadcast(const Broadcast&) = delete;
  Broadcast& operator=(const Broadcast&) = delete;
  ~Broadcast() { close(); }

  /// Begins at the call: a listener on the loop that runs now, for the values that are published from now on. Throws
  /// std::logic_error outside of a loop. It may outlive the broadcast.
  [[nodiscard]] Listener subscribe();

  /// Gives `value` to all listeners, and never waits. Returns false when the broadcast is closed. Any thread.
  bool publish(T value) {
    std::shared_ptr<const T> stored = std::allocate_shared<T>(RecyclingAllocator<T>{}, std::move(value));
    const std::lock_guard lock{shared_->mutex};
    if (shared_->ended()) return false;
    stored.swap(shared_->slot(shared_->version()));  // the value that falls out is destroyed after the lock
    shared_->advance();
    return true;
  }

  /// Ends the broadcast: each listener gets the values that are left, and then null. Closing it again has no effect.
  /// Any thread.
  void close() {
    const std::lock_guard lock{shared_->mutex};
    if (!shared_->ended()) shared_->end();
  }

 private:
  struct Shared final : detail::Feed {
    explicit Shared(std::size_t capacity) : values(capacity) {}
    std::shared_ptr<const T>& slot(std::uint64_t version) noexcept { return values[version % values.size()]; }
    std::vector<std::shared_ptr<const T>> values;  // by version, in a ring
  };

  std::shared_ptr<Shared> shared_;
};

/// Belongs to the loop that called subscribe(); one coroutine awaits it at a time. May be moved, while it is awaited
/// too.
template <class T>
class Broadcast<T>::Listener {
 public:
  /// Awaits the next value, and shares it with the other listeners; null when the broadcast was closed. Cancelled, it
  /// has taken none.
  Next next() noexcept { return Next{*subscription_}; }

  /// Returns how many values this listener has lost since the last call, up to the value that next() returned last.
  std::uint64_t missed() noexcept { return std::exchange(subscription_->missed, 0); }

 private:
  friend class Broadcast;
  explicit Listener(std::unique_ptr<detail::Subscription> subscription) noexcept
      : subscription_(std::move(subscription)) {}
  std::unique_ptr<detail::Subscription> subscription_;
};

template <class T>
typename Broadcast<T>::Listener Broadcast<T>::subscribe() {
  std::shared_ptr<detail::Feed::Place> place = shared_->place_here("a Broadcast's listener");
  const std::lock_guard lock{shared_->mutex};
  return Listener{std::make_unique<detail::Subscription>(shared_, std::move(place), shared_->version())};
}

template <class T>
class Broadcast<T>::Next final : public detail::FeedWaiter {
 public:
  explicit Next(detail::Subscription& subscription) noexcept : FeedWaiter(subscription) {}

  std::shared_ptr<const T> await_resume() {
    const Taking taking{*this};
    detail::Subscription& mine = subscription();
    auto& shared = static_cast<Shared&>(*mine.feed);
    const std::lock_guard lock{shared.mutex};
    const std::uint64_t end = shared.version();
    const std::uint64_t oldest = end > shared.values.size() ? end - shared.values.size() : 0;
    if (mine.seen < oldest) mine.missed += oldest - std::exchange(mine.seen, oldest);
    return mine.seen < end ? shared.slot(mine.seen++) : nullptr;
  }

 private:
  [[nodiscard]] const char* primitive() const noexcept override { return "a Listener"; }
};

}  // namespace tern
