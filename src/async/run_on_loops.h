// Work for several loops at once, for what is done now and then: ending, inspecting.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "async/on_loop.h"
#include "tern/api.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"

namespace tern {

/// Waits on the loop that it is made on until every token has been destroyed, on whatever thread. Work that a loop
/// drops at its end destroys its token too, so that nobody waits for it.
class Tokens {
 public:
  Tokens();
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;
  ~Tokens() = default;

  [[nodiscard]] std::shared_ptr<void> make();
  /// No more are made. Cancelled, it leaves the tokens alone.
  Task<void> all_destroyed();

 private:
  struct State {
    std::shared_ptr<LoopMailbox> home;
    std::size_t left = 0;
    Event none_left;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Calls work(T&, i) on the loop of parts[i], for all that are there, and waits. The objects that `work` uses must
/// outlive the loops, or be its own: the waiting job may be cancelled before it has run.
template <class T>
Task<void> run_on_loops(std::vector<const OnLoop<T>*> parts, std::function<void(T&, std::size_t)> work) {
  Tokens tokens;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i]->post([work, i, token = tokens.make()](T& part) { work(part, i); });
  }
  co_await tokens.all_destroyed();
}

/// The same for loops by themselves: work(i) on each. All of them must be there now.
TERN_API Task<void> run_on_loops(std::vector<Loop*> loops, std::function<void(std::size_t)> work);

}  // namespace tern
