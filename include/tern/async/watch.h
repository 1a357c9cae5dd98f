// Watch<T>: a value that changes, and coroutines on any loops that wait for the change. They see the newest value;
// values that came between are lost. (tokio::sync::watch.)
//
//   tern::Watch<Config> config{load()};
//   auto view = config.subscribe();                                   // on each loop that watches
//   config.set(load());                                               // from any thread
//   while (std::optional<Config> changed = co_await view.changed())   // empty: closed
//     apply(*changed);
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "tern/detail/feed.h"

namespace tern {

/// Made, used and destroyed on any thread. Values are given as copies, so that none changes while a coroutine waits:
/// for a large T use std::shared_ptr<const T>.
template <class T>
class Watch {
 public:
  class View;
  class [[nodiscard]] Changed;

  explicit Watch(T initial) : shared_(std::make_shared<Shared>(std::move(initial))) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { close(); }

  /// Begins at the call: a view on the loop that runs now, which has seen the present value. Throws std::logic_error
  /// outside of a loop. It may outlive the watch.
  [[nodiscard]] View subscribe();

  /// Sets the value and wakes all views, also when it is equal to the last one. Returns false when the watch is closed.
  /// Any thread.
  bool set(T value) {
    const std::lock_guard lock{shared_->mutex};
    if (shared_->ended()) return false;
    std::swap(shared_->value, value);
    shared_->advance();
    return true;
  }
  /// A copy of the newest value. Any thread.
  [[nodiscard]] T value() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->value;
  }

  /// No changes follow: each view sees the last one, and then empty. Closing it again has no effect. Any thread.
  void close() {
    const std::lock_guard lock{shared_->mutex};
    if (!shared_->ended()) shared_->end();
  }

 private:
  struct Shared final : detail::Feed {
    explicit Shared(T initial) : value(std::move(initial)) {}
    T value;
  };

  std::shared_ptr<Shared> shared_;
};

/// Belongs to the loop that called subscribe(); one coroutine awaits it at a time. May be moved, while it is awaited
/// too.
template <class T>
class Watch<T>::View {
 public:
  /// Awaits a value that this view has not seen, and returns a copy of the newest. Empty when the watch was closed and
  /// this view has seen the last value. Cancelled, it has seen nothing.
  Changed changed() noexcept { return Changed{*subscription_}; }

  /// A copy of the newest value, which counts as seen.
  [[nodiscard]] T value() {
    auto& shared = static_cast<Shared&>(*subscription_->feed);
    const std::lock_guard lock{shared.mutex};
    T newest = shared.value;
    subscription_->seen = shared.version();
    return newest;
  }

  /// Has the next changed() return at once, with the newest value: for a loop that handles the first value as it
  /// handles changes.
  void mark_unseen() noexcept {
    subscription_->seen = kNothingSeen;
    subscription_->place->waiters.notify_all();
  }

 private:
  friend class Watch;
  static constexpr std::uint64_t kNothingSeen = ~std::uint64_t{0};
  explicit View(std::unique_ptr<detail::Subscription> subscription) noexcept : subscription_(std::move(subscription)) {}
  std::unique_ptr<detail::Subscription> subscription_;
};

template <class T>
typename Watch<T>::View Watch<T>::subscribe() {
  std::shared_ptr<detail::Feed::Place> place = shared_->place_here("a Watch's view");
  const std::lock_guard lock{shared_->mutex};
  return View{std::make_unique<detail::Subscription>(shared_, std::move(place), shared_->version())};
}

template <class T>
class Watch<T>::Changed final : public detail::FeedWaiter {
 public:
  explicit Changed(detail::Subscription& subscription) noexcept : FeedWaiter(subscription) {}

  std::optional<T> await_resume() {
    const Taking taking{*this};
    auto& shared = static_cast<Shared&>(*subscription().feed);
    const std::lock_guard lock{shared.mutex};
    if (shared.ended() && subscription().seen == shared.version()) return std::nullopt;
    std::optional<T> newest{shared.value};
    subscription().seen = shared.version();
    return newest;
  }

 private:
  [[nodiscard]] const char* primitive() const noexcept override { return "a View"; }
};

}  // namespace tern
