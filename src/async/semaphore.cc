#include "tern/async/semaphore.h"

#include <stdexcept>
#include <string>

#include "text/log.h"

namespace tern {

Semaphore::Semaphore(std::size_t total) : total_(total) {
  if (total == 0) throw std::invalid_argument("a Semaphore of 0 units lets nobody in: give it 1 or more");
}

Semaphore::~Semaphore() {
  if (available_ == total_) return;
  log_error("async", "a Semaphore was destroyed while {} of its {} units were in use: destroy the units first",
            total_ - available_, total_);
}

std::optional<Semaphore::Units> Semaphore::try_acquire(std::size_t count) {
  require_possible(count);
  if (!waiters_.empty() || available_ < count) return std::nullopt;
  return Units{*this, count};
}

void Semaphore::require_possible(std::size_t count) const {
  if (count > 0 && count <= total_) return;
  throw std::invalid_argument("acquire(" + std::to_string(count) + ") on a Semaphore of " + std::to_string(total_) +
                              " units: ask for 1 to " + std::to_string(total_));
}

}  // namespace tern
