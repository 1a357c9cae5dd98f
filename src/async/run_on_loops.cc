#include "async/run_on_loops.h"

#include <cassert>
#include <utility>

namespace tern {

Tokens::Tokens() { state_->home = Loop::require_current("work on several loops").mailbox(); }

std::shared_ptr<void> Tokens::make() {
  ++state_->left;
  // Not a pointer to anything: what counts is the deleter.
  return {nullptr, [state = state_](void*) {
            state->home->post([state] {
              assert(state->left > 0);
              if (--state->left == 0) state->none_left.set();
            });
          }};
}

Task<void> Tokens::all_destroyed() {
  if (state_->left > 0) co_await state_->none_left.wait();
}

Task<void> run_on_loops(std::vector<Loop*> loops, std::function<void(std::size_t)> work) {
  Tokens tokens;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    loops[i]->post([work, i, token = tokens.make()] { work(i); });
  }
  co_await tokens.all_destroyed();
}

}  // namespace tern
