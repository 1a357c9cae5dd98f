#include "tern/detail/one_shot_slot.h"

#include <stdexcept>

namespace tern::detail {

void throw_set_twice() {
  throw std::logic_error("a OneShot is set once: it has a result already; make one for each result, or use a Queue");
}

void throw_taken_twice() {
  throw std::logic_error(
      "a OneShot gives its result to one wait(), and an earlier one has it: use SharedTask or Event");
}

void throw_waited_for_twice() {
  throw std::logic_error(
      "a OneShot is awaited by one coroutine, and another one waits already: use SharedTask or Event");
}

}  // namespace tern::detail
