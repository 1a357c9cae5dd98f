#include "tern/detail/misuse.h"

#include <stdexcept>

namespace tern::detail {

void throw_misuse(const char* sentence) { throw std::logic_error(sentence); }

void throw_two_reads() {
  throw_misuse("two reads at once on one stream: await the first one before the second, or read in one task only");
}

void throw_two_writes() {
  throw_misuse("two writes at once on one stream: await the first one before the second, or write in one task only");
}

void throw_moved_from() {
  throw_misuse("a call is awaited once: this one was awaited before, or moved from: make another call with the stub");
}

void throw_call_destroyed() {
  throw_misuse("the call was destroyed while a task read or wrote it: end that task first, or let it own the call");
}

void throw_other_loop() {
  throw_misuse("the call belongs to another event loop: use it in tasks of the loop that started it");
}

}  // namespace tern::detail
