#include "async/broken_pipes.h"

#include <csignal>

namespace tern {

namespace {

void do_nothing(int /*signal*/) {}

}  // namespace

void ignore_broken_pipes() noexcept {
  struct sigaction present{};
  if (::sigaction(SIGPIPE, nullptr, &present) != 0) return;
  if ((present.sa_flags & SA_SIGINFO) != 0 || present.sa_handler != SIG_DFL) return;
  struct sigaction action{};
  action.sa_handler = do_nothing;
  action.sa_flags = SA_RESTART;
  static_cast<void>(::sigaction(SIGPIPE, &action, nullptr));
}

}  // namespace tern
