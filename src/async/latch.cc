#include "tern/async/latch.h"

#include <stdexcept>
#include <string>

namespace tern {

void Latch::count_down(std::size_t by) {
  if (by > count_) {
    throw std::logic_error("count_down(" + std::to_string(by) + ") of a Latch that stands at " +
                           std::to_string(count_) + ": it was made with a count that is too low, or counted twice");
  }
  count_ -= by;
  if (count_ == 0) waiters_.release_all();
}

}  // namespace tern
