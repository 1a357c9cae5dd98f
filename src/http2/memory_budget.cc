#include "http2/memory_budget.h"

#include <cassert>

namespace tern::http2 {

void LoopBudget::much_is_held() {
  if (!thrift_.armed()) loop_.arm(thrift_, Clock::now() + kLookEvery);
}

// The allocator would keep it.
void LoopBudget::give_back_if_free() {
  if (used_ > little_ / 4) return much_is_held();
  loop_.trim_soon();
}

bool MemoryBudget::allows_where_much_is_held(std::size_t size) const noexcept {
  assert(whole_.parts_ > 0);
  whole_.much_is_held();
  const std::size_t all = whole_.limits_.held;
  return whole_.used_ + size <= all || used_ + size <= all / whole_.parts_;
}

Task<bool> MemoryBudget::until_not_crowded() {
  while (crowded()) {
    const std::uint64_t before = sent_;
    assert(takes_turns_);  // else it is never crowded
    room_.clear();
    const bool room = co_await room_.wait(Clock::now() + kPatience * kLookEvery);
    if (!room && sent_ == before && crowded()) co_return false;
  }
  co_return true;
}

}  // namespace tern::http2
