#include "tern/async/queue.h"

#include <string>

#include "tern/async/pipe.h"

namespace tern::detail {

std::size_t require_capacity(std::size_t capacity, const char* what) {
  if (capacity > 0) return capacity;
  throw std::invalid_argument(std::string{what} + " needs room for one value at least: give a capacity of 1 or more");
}

void throw_no_pipe() { throw std::logic_error("this end of a pipe was moved from: use the one that it was moved to"); }

}  // namespace tern::detail
