// ConnectionLimit: how many connections a server has, in all and from one address.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tern {

namespace transport {
class ByteStream;
}

/// Any thread.
class ConnectionLimit {
 public:
  /// `most` in all, 0: three quarters of the descriptors that the process may have, so that accepting leaves some for
  /// databases and files. `most_per_address`, 0: no limit.
  ConnectionLimit(std::size_t most, std::size_t most_per_address);
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
  std::size_t most_per_address_;
  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> by_address_;  // only with a limit
};

}  // namespace tern
