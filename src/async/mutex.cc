#include "tern/async/mutex.h"

#include <stdexcept>

#include "text/log.h"

namespace tern {

Mutex::~Mutex() {
  if (lock_ == nullptr) return;
  log_error("async", "a Mutex was destroyed while it was locked: destroy the lock first");
  lock_->mutex_ = nullptr;
}

std::optional<Mutex::Lock> Mutex::try_lock() noexcept {
  if (locked() || !waiters_.empty()) return std::nullopt;
  return Lock{*this, nullptr};
}

void Mutex::Locking::throw_recursive() {
  throw std::logic_error(
      "a Mutex is not recursive: this job holds its lock already, and would wait for itself; unlock first, or pass the "
      "lock on");
}

}  // namespace tern
