#include "client/retry_throttle.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <mutex>

namespace tern {

namespace {

constexpr std::int32_t kToken = 1000;

std::int32_t thousandths(double tokens) { return static_cast<std::int32_t>(std::lround(tokens * kToken)); }

}  // namespace

std::shared_ptr<RetryThrottle> RetryThrottle::of(const std::string& server_name, Throttling throttling) {
  if (throttling.max_tokens == 0) return std::make_shared<RetryThrottle>(throttling);
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<RetryThrottle>> known;
  const std::lock_guard lock{mutex};
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<RetryThrottle>& place = known[server_name];
  std::shared_ptr<RetryThrottle> there = place.lock();
  if (there != nullptr && there->throttling() == throttling) return there;
  there = std::make_shared<RetryThrottle>(throttling, there == nullptr ? 1 : there->part_left());
  place = there;
  return there;
}

RetryThrottle::RetryThrottle(Throttling throttling, double left) noexcept
    : throttling_(throttling),
      most_(thousandths(throttling.max_tokens)),
      given_back_(thousandths(throttling.token_ratio)),
      tokens_(thousandths(throttling.max_tokens * left)) {
  assert(left >= 0 && left <= 1);
  assert(most_ >= 0 && given_back_ >= 0 && tokens_ <= most_);
}

double RetryThrottle::part_left() const noexcept {
  return most_ == 0 ? 1 : static_cast<double>(tokens_.load(std::memory_order_relaxed)) / most_;
}

void RetryThrottle::succeeded() noexcept {
  std::int32_t tokens = tokens_.load(std::memory_order_relaxed);
  assert(tokens >= 0 && tokens <= most_);
  while (tokens < most_ &&
         !tokens_.compare_exchange_weak(tokens, std::min(most_, tokens + given_back_), std::memory_order_relaxed)) {
  }
}

void RetryThrottle::failed() noexcept {
  std::int32_t tokens = tokens_.load(std::memory_order_relaxed);
  assert(tokens >= 0 && tokens <= most_);
  while (tokens > 0 &&
         !tokens_.compare_exchange_weak(tokens, std::max(0, tokens - kToken), std::memory_order_relaxed)) {
  }
}

}  // namespace tern
