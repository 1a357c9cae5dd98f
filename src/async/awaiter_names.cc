#include "async/awaiter_names.h"

#include <atomic>

namespace tern {

namespace {

constinit std::atomic<const AwaiterNames*> last_table = nullptr;  // the newest of all

}  // namespace

// Static objects are made on one thread, or on several where libraries are loaded meanwhile.
AwaiterNames::AwaiterNames(std::span<const AwaiterName> table) noexcept : table_(table), next_(last_table.load()) {
  while (!last_table.compare_exchange_weak(next_, this)) {
  }
}

std::string_view AwaiterNames::of(std::string_view type) noexcept {
  for (const AwaiterNames* names = last_table.load(); names != nullptr; names = names->next_) {
    for (const AwaiterName& each : names->table_) {
      if (type.starts_with(each.type)) return each.words;
    }
  }
  return {};
}

}  // namespace tern
