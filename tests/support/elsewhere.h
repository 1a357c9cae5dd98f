// Work on other loops and on plain threads, awaited from the test's own loop.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern::test {

/// A job on another loop. Its exceptions are thrown where it is awaited.
class Elsewhere {
 public:
  /// Begins at once.
  Elsewhere(Loop& loop, std::function<Task<void>()> body) : state_(std::make_shared<State>()) {
    loop.post([state = state_, body = std::move(body), &loop] { (new Runner{loop, state, body})->begin(); });
  }

  Task<void> ended() {
    co_await state_->ended.wait();
    if (state_->error) std::rethrow_exception(state_->error);
  }

 private:
  struct State {
    Loop& home = Loop::require_current("a test");
    Event ended;
    std::exception_ptr error;
  };
  class Runner final : public Job {
   public:
    Runner(Loop& loop, std::shared_ptr<State> state, std::function<Task<void>()> body)
        : Job(loop), state_(std::move(state)), body_(std::move(body)) {}
    void begin() { start(body_()); }

   private:
    void finished(std::exception_ptr error) override {
      state_->error = std::move(error);
      state_->home.post([state = state_] { state->ended.set(); });
      delete this;
    }
    std::shared_ptr<State> state_;
    std::function<Task<void>()> body_;
  };

  std::shared_ptr<State> state_;
};

inline Task<void> run_on(Loop& loop, std::function<Task<void>()> body) {
  Elsewhere elsewhere{loop, std::move(body)};
  co_await elsewhere.ended();
}

/// On a thread that has no loop.
inline Task<void> run_on_thread(std::function<void()> work) {
  Loop& home = Loop::require_current("a test");
  const auto ended = std::make_shared<Event>();
  std::thread thread{[&home, ended, work = std::move(work)] {
    work();
    home.post([ended] { ended->set(); });
  }};
  co_await ended->wait();
  thread.join();
}

}  // namespace tern::test
