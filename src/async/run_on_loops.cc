#include "async/run_on_loops.h"

#include <memory>
#include <utility>

#include "tern/async/event.h"

namespace tern {

Task<void> run_on_loops(std::vector<Loop*> loops, std::function<void(std::size_t)> work) {
  // Shared with what is posted, which may outlive a waiter that is cancelled.
  struct Running {
    std::function<void(std::size_t)> work;
    std::size_t left;
    Event done;
  };
  const auto running = std::make_shared<Running>();
  running->work = std::move(work);
  running->left = loops.size();
  Loop& here = Loop::require_current("work on several loops");
  for (std::size_t i = 0; i < loops.size(); ++i) {
    loops[i]->post([running, i, &here] {
      running->work(i);
      here.post([running] {
        if (--running->left == 0) running->done.set();
      });
    });
  }
  if (!loops.empty()) co_await running->done.wait();
}

}  // namespace tern
