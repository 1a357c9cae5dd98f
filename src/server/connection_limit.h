// ConnectionLimit: how many connections a server has, in all and from one address.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace tern {

namespace transport {
class ByteStream;
}

/// Any thread.
class ConnectionLimit {
 public:
  /// `most` in all, and from one address; std::nullopt is no limit.
  ConnectionLimit(std::optional<std::size_t> most, std::optional<std::size_t> most_per_address);
  ConnectionLimit(const ConnectionLimit&) = delete;
  ConnectionLimit& operator=(const ConnectionLimit&) = delete;
  ~ConnectionLimit() = default;

  /// A place for a connection, kept until it is dropped; null when there is none. This must outlive it.
  std::shared_ptr<void> admit(const transport::ByteStream& connection);
  /// Returns true while there are as many connections in all as there may be.
  [[nodiscard]] bool full() const noexcept { return count_.load(std::memory_order_relaxed) >= most_; }

 private:
  class Place;
  bool enter(const std::string& address);
  void leave(const std::string& address) noexcept;

  std::size_t most_;
  std::optional<std::size_t> most_per_address_;
  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> by_address_;  // only with a limit
};

}  // namespace tern
