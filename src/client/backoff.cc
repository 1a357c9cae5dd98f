#include "client/backoff.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace tern {

std::chrono::nanoseconds Backoff::step(const BackoffOptions& options, int number) {
  assert(number >= 0);
  using Span = std::chrono::duration<double, std::nano>;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::min<Span>(Span{options.initial} * std::pow(options.multiplier, number), options.maximum));
}

std::chrono::nanoseconds Backoff::next() {
  std::uniform_real_distribution<double> spread{1 - options_.jitter, 1 + options_.jitter};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(step(options_, attempts_++) * spread(random_));
}

}  // namespace tern
