// Balancing: from how a channel's servers stand to how the channel stands, and which of them gets a call. Without I/O
// and without a clock: the servers' states go in, picks come out.
//
//   servers' states --set_servers(), set_state()--> Balancing --state(), pick()--> the channel
//                                                       ^--call_ended()-- calls
//
// Without a Balancer of the user's the ready servers take turns (round_robin); with one server, which may have several
// addresses, that is pick_first.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tern/client/balancer.h"
#include "tern/client/connectivity_state.h"

namespace tern {

class Balancing {
 public:
  /// `own`: the user's; may be null.
  explicit Balancing(std::unique_ptr<Balancer> own) : own_(std::move(own)) {}

  /// Sets the servers. Their texts and attributes live until the next call.
  void set_servers(std::vector<BalancedServer> servers);
  /// `id` is one of theirs; others are left out of account.
  void set_state(std::uint64_t id, ConnectivityState state);

  /// Returns READY when a server is, else CONNECTING, else IDLE; TRANSIENT_FAILURE when all have failed, or there is
  /// none.
  [[nodiscard]] ConnectivityState state() const noexcept;

  /// Returns the id of the one that gets the call; nothing when none is ready. `calls_of(id)`: how many it has now;
  /// asked for a balancer of the user's only.
  template <class CallsOf>
  std::optional<std::uint64_t> pick(const CallToBalance& call, CallsOf calls_of);

  /// The user's balancer; null: none.
  [[nodiscard]] Balancer* own() const noexcept { return own_.get(); }

 private:
  void list_ready();
  /// The pick of the user's balancer; nothing when it throws.
  std::optional<std::size_t> own_pick(const CallToBalance& call) noexcept;

  std::unique_ptr<Balancer> own_;
  std::vector<BalancedServer> servers_;
  std::vector<BalancedServer> ready_;
  std::size_t turn_ = 0;
};

template <class CallsOf>
std::optional<std::uint64_t> Balancing::pick(const CallToBalance& call, CallsOf calls_of) {
  if (ready_.empty()) return std::nullopt;
  assert(ready_.size() <= servers_.size());
  std::size_t chosen = turn_++;
  if (own_ != nullptr) {
    for (BalancedServer& server : ready_) server.calls_in_flight = calls_of(server.id);
    chosen = own_pick(call).value_or(chosen);
  }
  return ready_[chosen % ready_.size()].id;
}

}  // namespace tern
