#include "client/connecting.h"

#include <cassert>
#include <deque>
#include <utility>

namespace tern {

Connecting::Step Connecting::failed() {
  assert(failed_ < started_);
  ++failed_;
  return start_next();
}

Connecting::Step Connecting::start_next() {
  if (connected_ || started_ == addresses_) return {};
  assert(started_ < addresses_);
  const std::size_t next = started_++;
  return {.start = next, .wait = started_ < addresses_};
}

std::vector<transport::Address> interleave_families(std::vector<transport::Address> addresses) {
  const auto is_ipv6 = [](const transport::Address& address) { return address.host.find(':') != std::string::npos; };
  if (addresses.empty()) return addresses;
  const bool first_family = is_ipv6(addresses.front());
  std::deque<transport::Address> like_first;
  std::deque<transport::Address> others;
  for (transport::Address& address : addresses) {
    (is_ipv6(address) == first_family ? like_first : others).push_back(std::move(address));
  }
  std::vector<transport::Address> ordered;
  const auto take = [&ordered](std::deque<transport::Address>& from) {
    if (from.empty()) return;
    ordered.push_back(std::move(from.front()));
    from.pop_front();
  };
  while (!like_first.empty() || !others.empty()) {
    take(like_first);
    take(others);
  }
  return ordered;
}

}  // namespace tern
