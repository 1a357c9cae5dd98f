#include "server/connection_limit.h"

#include <cassert>
#include <utility>

#include "transport/address.h"
#include "transport/byte_stream.h"

namespace tern {

class ConnectionLimit::Place {
 public:
  Place(ConnectionLimit& limit, std::string address) : limit_(limit), address_(std::move(address)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { limit_.leave(address_); }

 private:
  ConnectionLimit& limit_;
  std::string address_;
};

ConnectionLimit::ConnectionLimit(std::optional<std::size_t> most, std::optional<std::size_t> most_per_address)
    : most_(most.value_or(SIZE_MAX)), most_per_address_(most_per_address) {}

std::shared_ptr<void> ConnectionLimit::admit(const transport::ByteStream& connection) {
  std::string address;
  if (most_per_address_) address = transport::host_of_peer(connection.peer());
  if (!enter(address)) return nullptr;
  return std::make_shared<Place>(*this, std::move(address));
}

bool ConnectionLimit::enter(const std::string& address) {
  if (count_.fetch_add(1, std::memory_order_relaxed) >= most_) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  if (address.empty()) return true;
  const std::lock_guard lock{mutex_};
  std::size_t& here = by_address_[address];
  if (here < *most_per_address_) {
    ++here;
    return true;
  }
  count_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void ConnectionLimit::leave(const std::string& address) noexcept {
  [[maybe_unused]] const std::size_t before = count_.fetch_sub(1, std::memory_order_relaxed);
  assert(before > 0);
  if (address.empty()) return;
  const std::lock_guard lock{mutex_};
  const auto here = by_address_.find(address);
  assert(here != by_address_.end() && here->second > 0);
  if (--here->second == 0) by_address_.erase(here);
}

}  // namespace tern
