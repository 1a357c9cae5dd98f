// OnLoop<T>: the one rule of ownership across loops. An object that a loop uses is made, used and destroyed on that
// loop; its OnLoop may be held on any thread.
#pragma once

#include <atomic>
#include <cassert>
#include <functional>
#include <memory>
#include <utility>

#include "async/ending_loop.h"
#include "tern/async/loop.h"
#include "tern/detail/debug_layout.h"

namespace tern {

/// Owns a T that lives on one loop. Made, used and destroyed on any thread. The T is destroyed in a later turn of its
/// loop, or with the loop, should that end first; its destructor must not need a turn.
template <class T>
class OnLoop {
 public:
  OnLoop() = default;
  /// Has `make` called on `loop`: now, when that runs here, else in a turn of its own, before all that is posted later.
  OnLoop(Loop& loop, std::function<std::unique_ptr<T>()> make) : held_(std::make_shared<Held>(loop)) {
    if (Loop::current() == &loop) {
      held_->begin(make);
    } else {
      held_->mailbox->post([held = held_, make = std::move(make)] { held->begin(make); });
    }
  }
  OnLoop(OnLoop&&) noexcept = default;
  OnLoop& operator=(OnLoop&&) = delete;
  ~OnLoop() { end(); }

  /// Null once the loop has ended.
  [[nodiscard]] Loop* loop() const noexcept {
    return held_ == nullptr ? nullptr : held_->loop.load(std::memory_order_acquire);
  }
  /// To be used on the loop; null before it was made there, and after the loop's end.
  [[nodiscard]] T* get() const noexcept {
    return held_ == nullptr ? nullptr : held_->object.load(std::memory_order_acquire);
  }

  /// Calls work(T&) on the loop: now, when that runs here, else soon; not at all when the T is gone by then. False when
  /// the loop has ended.
  template <class Work>
  bool run(Work work) const {
    if (held_ == nullptr) return false;
    const Loop* const its_loop = loop();
    if (its_loop == nullptr || Loop::current() != its_loop) return post(std::move(work));
    if (T* object = get(); object != nullptr) work(*object);
    return true;
  }
  /// The same, always in a turn of its own.
  template <class Work>
  bool post(Work work) const {
    if (held_ == nullptr) return false;
    return held_->mailbox->post([held = held_, work = std::move(work)]() mutable {
      if (T* object = held->object.load(std::memory_order_relaxed); object != nullptr) work(*object);
    });
  }

  /// Has the T destroyed on its loop: soon, or at once where that loop is being destroyed on this thread.
  void end() const noexcept {
    if (held_ == nullptr || held_->mailbox->post([held = held_] { held->end(); })) return;
    if (ending_loop() != nullptr && ending_loop() == loop()) held_->end();
  }
  /// For a T that may never be destroyed, since a thread that hangs still uses it. On the loop.
  void leave_behind() const noexcept {
    held_->object = nullptr;
    held_->end();
  }

 private:
  template <class Folder>
  friend struct DebugLayout;
  /// Owns itself while there is a T: the loop's end may come when its OnLoop has gone already.
  struct Held final : LoopEnd, std::enable_shared_from_this<Held> {
    explicit Held(Loop& its_loop) : loop(&its_loop), mailbox(its_loop.mailbox()) {}
    void begin(const std::function<std::unique_ptr<T>()>& make) {
      assert(object.load() == nullptr && Loop::current() == loop.load());
      object.store(make().release(), std::memory_order_release);
      loop.load(std::memory_order_relaxed)->when_loop_ends(*this);
      self = this->shared_from_this();
    }
    void end() noexcept {
      const std::shared_ptr<Held> kept = std::move(self);
      unlink();
      delete object.exchange(nullptr);
    }
    void loop_ended() noexcept override {
      loop.store(nullptr, std::memory_order_release);
      end();
    }

    std::atomic<Loop*> loop;
    std::atomic<T*> object = nullptr;
    std::shared_ptr<LoopMailbox> mailbox;
    std::shared_ptr<Held> self;
  };

  std::shared_ptr<Held> held_;
};

}  // namespace tern
