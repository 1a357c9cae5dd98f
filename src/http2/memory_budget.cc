#include "http2/memory_budget.h"

#include <chrono>

namespace tern::http2 {

namespace {

// For how long a peer may take nothing of what is sent to it while others wait.
constexpr std::chrono::seconds kPatienceWhenCrowded{3};

}  // namespace

Task<bool> MemoryBudget::until_not_crowded() {
  while (crowded()) {
    const std::uint64_t before = sent_;
    room_.clear();
    const bool room = co_await room_.wait(Clock::now() + kPatienceWhenCrowded);
    if (!room && sent_ == before && crowded()) co_return false;
  }
  co_return true;
}

}  // namespace tern::http2
