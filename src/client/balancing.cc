#include "client/balancing.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "call/notify.h"

namespace tern {

namespace {

constexpr const char* kBalancer = "a channel's balancer";

}  // namespace

void Balancing::set_servers(std::vector<BalancedServer> servers) {
  servers_ = std::move(servers);
  list_ready();
}

void Balancing::set_state(std::uint64_t id, ConnectivityState state) {
  const auto server = std::ranges::find(servers_, id, &BalancedServer::id);
  if (server == servers_.end() || server->state == state) return;
  server->state = state;
  list_ready();
}

void Balancing::list_ready() {
  ready_.clear();
  std::ranges::copy_if(servers_, std::back_inserter(ready_),
                       [](const BalancedServer& server) { return server.state == ConnectivityState::kReady; });
  assert(ready_.size() <= servers_.size());
  if (own_ == nullptr) return;
  try {
    own_->servers_changed(servers_);
  } catch (...) {
    log_thrown_by(kBalancer);
  }
}

std::optional<std::size_t> Balancing::own_pick(const CallToBalance& call) noexcept {
  try {
    return own_->pick(ready_, call);
  } catch (...) {
    log_thrown_by(kBalancer);
    return std::nullopt;
  }
}

ConnectivityState Balancing::state() const noexcept {
  for (const auto state : {ConnectivityState::kReady, ConnectivityState::kConnecting, ConnectivityState::kIdle}) {
    if (std::ranges::find(servers_, state, &BalancedServer::state) != servers_.end()) return state;
  }
  return ConnectivityState::kTransientFailure;
}

}  // namespace tern
