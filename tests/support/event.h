// An event that tests set by hand: the wait in the middle of a coroutine that a test wants to hold there.
#pragma once

#include <coroutine>

#include "tern/async/task.h"

namespace tern::test {

class Event {
 public:
  class [[nodiscard]] Waiter final : public Wait {
   public:
    explicit Waiter(Event& event) : event_(event) {}
    ~Waiter() override { event_.waiter_ = nullptr; }
    [[nodiscard]] bool await_ready() const noexcept { return event_.set_; }
    template <HasJob Promise>
    bool await_suspend(std::coroutine_handle<Promise> caller) {
      if (!suspend(caller, *caller.promise().job())) return false;
      event_.waiter_ = this;
      return true;
    }
    void await_resume() const { resumed(); }

   private:
    Event& event_;
  };

  Waiter wait() { return Waiter{*this}; }
  void set() {
    set_ = true;
    if (waiter_ != nullptr) waiter_->wake();
  }
  [[nodiscard]] bool waited_for() const { return waiter_ != nullptr; }

 private:
  bool set_ = false;
  Waiter* waiter_ = nullptr;
};

}  // namespace tern::test
