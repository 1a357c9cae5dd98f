#include "client/backoff.h"

#include <algorithm>

namespace tern {

std::chrono::nanoseconds Backoff::next() {
  using Span = std::chrono::duration<double, std::nano>;
  const Span delay = next_;
  next_ = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::min<Span>(delay * options_.multiplier, options_.maximum));
  std::uniform_real_distribution<double> spread{1 - options_.jitter, 1 + options_.jitter};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(delay * spread(random_));
}

}  // namespace tern
