#include "http2/memory_budget.h"

namespace tern::http2 {

Task<bool> MemoryBudget::until_not_crowded() {
  while (crowded()) {
    const std::uint64_t before = sent_;
    room_.clear();
    const bool room = co_await room_.wait(Clock::now() + kPatience * kLookEvery);
    if (!room && sent_ == before && crowded()) co_return false;
  }
  co_return true;
}

}  // namespace tern::http2
