// RetryThrottle: keeps retries away from a server that fails as it is (gRFC A6, "Throttling Retry Attempts and Hedged
// RPCs").
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace tern {

struct Throttling {
  double max_tokens = 0;  // 0: none
  double token_ratio = 0;
  friend bool operator==(const Throttling&, const Throttling&) = default;
};

/// Each failure takes a token, each success gives back a part of one, and above half of them retries are allowed. Any
/// thread.
class RetryThrottle {
 public:
  /// The one of this server name: the same for all channels and loops, as long as one of them has it. With other
  /// settings than the last time a new one is made, in which as great a part of the tokens is left.
  static std::shared_ptr<RetryThrottle> of(const std::string& server_name, Throttling throttling);

  explicit RetryThrottle(Throttling throttling, double left = 1) noexcept;
  void succeeded() noexcept;
  void failed() noexcept;
  [[nodiscard]] bool allows() const noexcept {
    return most_ == 0 || tokens_.load(std::memory_order_relaxed) > most_ / 2;
  }
  [[nodiscard]] const Throttling& throttling() const noexcept { return throttling_; }

 private:
  [[nodiscard]] double part_left() const noexcept;

  Throttling throttling_;
  // In thousandths, as A6 counts them.
  std::int32_t most_;
  std::int32_t given_back_;
  std::atomic<std::int32_t> tokens_;
};

}  // namespace tern
