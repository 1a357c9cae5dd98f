#include "client/channel_loop.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include "client/debug_offsets.h"
#include "text/log.h"
#include "transport/debug_layout.h"

namespace tern {

namespace {

std::unique_ptr<Balancer> balancer_of(const ChannelOptions& options) {
  return options.balancer ? options.balancer() : nullptr;
}

// Without spreading all addresses are one server's, of which the first that answers is used (pick_first).
std::vector<SubchannelServer> group(std::vector<FoundServer> found, bool spread) {
  std::vector<SubchannelServer> groups;
  for (FoundServer& server : found) {
    if (spread || groups.empty()) groups.push_back({.addresses = {}, .attributes = std::move(server.attributes)});
    groups.back().addresses.push_back(std::move(server.address));
  }
  return groups;
}

}  // namespace

Status channel_closed() {
  return Status{StatusCode::kCancelled,
                "the channel was closed: close or destroy it when its stubs make no more calls"};
}

ChannelLoop::ChannelLoop(Loop& loop, std::shared_ptr<const ChannelConfig> config, CallCounts& calls)
    : service_config_(config->service_config()),
      throttle_(RetryThrottle::of(config->authority(), service_config_->throttling)),
      calls_(calls),
      balancing_(balancer_of(config->options())),
      connections_(loop, std::move(config), balancing_.own()),
      discovery_(loop, connections_.config(), *this) {
  add_debug_layout(client_layout());
  add_debug_layout(transport::connection_layout());
}

ChannelLoop::~ChannelLoop() {
  subchannels_.clear();
  retired_.clear();
}

bool ChannelLoop::spreads() const noexcept {
  return balancing_.own() != nullptr || service_config_->round_robin.value_or(options().round_robin);
}

const std::string* ChannelLoop::health_service() const noexcept {
  return spreads() && service_config_->health_service ? &*service_config_->health_service : nullptr;
}

std::size_t ChannelLoop::max_connections() const noexcept {
  const std::size_t most = options().max_connections_per_server;
  assert(most > 0);
  return std::max<std::size_t>(1, std::min(most, service_config_->max_connections.value_or(most)));
}

Subchannel* ChannelLoop::choose(const ConnectionWaiter& waiter) {
  if (state_ != ConnectivityState::kReady) return nullptr;
  if (subchannels_.size() == 1 && balancing_.own() == nullptr) return subchannels_.front().get();
  const auto with_id = [this](std::uint64_t id) {
    return std::ranges::find(subchannels_, id, [](const auto& subchannel) { return subchannel->id(); });
  };
  const CallToBalance call{.method = waiter.method(),
                           .metadata = waiter.sent_metadata(),
                           .now = balancing_.own() != nullptr ? Clock::now() : Clock::time_point{}};
  const auto chosen = balancing_.pick(call, [&](std::uint64_t id) { return (*with_id(id))->calls_in_flight(); });
  assert(!chosen || with_id(*chosen) != subchannels_.end());
  return chosen ? with_id(*chosen)->get() : nullptr;
}

bool ChannelLoop::fails(const ConnectionWaiter& waiter) const noexcept {
  return state_ == ConnectivityState::kShutdown ||
         (state_ == ConnectivityState::kTransientFailure && !waiter.waits_for_ready());
}

ClientConnection* ChannelLoop::connection_for(ConnectionWaiter& waiter) {
  assert(Loop::current() == &loop());
  assert(!waiter.linked());
  if (Subchannel* chosen = choose(waiter); chosen != nullptr) return chosen->connection_for(waiter);
  if (fails(waiter)) {
    failing_.push_back(waiter);
    if (!fail_.linked()) loop().make_ready(fail_);
  } else {
    waiting_.push_back(waiter);
    connect();
  }
  return nullptr;
}

// In the meantime the channel may have changed.
void ChannelLoop::Fail::run() {
  IntrusiveList<ConnectionWaiter> told;
  while (!owner_.failing_.empty()) told.push_back(owner_.failing_.pop_front());
  while (!told.empty()) owner_.settle(told.pop_front());
}

void ChannelLoop::settle(ConnectionWaiter& waiter) {
  assert(!waiter.linked());
  if (fails(waiter)) {
    waiter.connection_settled(nullptr, failure_);
  } else if (ClientConnection* connection = connection_for(waiter); connection != nullptr) {
    waiter.connection_settled(connection, {});
  }
}

void ChannelLoop::connect() {
  if (state_ == ConnectivityState::kShutdown) return;
  discovery_.need();
  connect_idle();  // where that takes time, it is done then
}

// One that fails at once may have all of them replaced, so no iterator is kept.
template <class Visit>
void ChannelLoop::for_each_subchannel(Visit visit) {
  std::size_t next = 0;
  while (next < subchannels_.size()) visit(*subchannels_[next++]);
}

void ChannelLoop::connect_idle() {
  for_each_subchannel([](Subchannel& subchannel) { subchannel.connect(); });
}

void ChannelLoop::reset_backoff() {
  discovery_.reset_backoff();
  for_each_subchannel([](Subchannel& subchannel) { subchannel.reset_backoff(); });
}

void ChannelLoop::discovery_changed() {
  if (state_ == ConnectivityState::kShutdown) return;
  if (discovery_.state() == Resolving::State::kFailed) failure_ = discovery_.failure();
  update();
  if (!waiting_.empty()) connect();
}

// A wrong one leaves the one that was there, where there was one (gRFC A21).
void ChannelLoop::use_config(std::string_view json) {
  if (json.empty()) {
    service_config_ = connections_.config().service_config();
  } else {
    try {
      service_config_ = std::make_shared<const ServiceConfig>(ServiceConfig::parse(json));
    } catch (const std::invalid_argument& error) {
      if (discovery_.state() != Resolving::State::kKnown) throw;
      log_warning("client", "{}: {}", connections_.config().target(), error.what());
    }
  }
  throttle_ = RetryThrottle::of(connections_.config().authority(), service_config_->throttling);
  discovery_.keep_looking(spreads());
}

void ChannelLoop::servers_found(std::vector<FoundServer> servers, std::string_view service_config) {
  assert(state_ != ConnectivityState::kShutdown && !servers.empty());
  use_config(service_config);
  std::vector<std::unique_ptr<Subchannel>> present;
  for (SubchannelServer& server : group(std::move(servers), spreads())) {
    const auto same = std::ranges::find_if(subchannels_, [&server](const auto& subchannel) {
      return subchannel != nullptr && subchannel->addresses() == server.addresses;
    });
    if (same != subchannels_.end()) {
      (*same)->set_attributes(std::move(server.attributes));
      present.push_back(std::move(*same));
    } else {
      SubchannelOwner& owner = *this;
      present.push_back(std::make_unique<Subchannel>(owner, connections_, std::move(server)));
    }
  }
  retire_subchannels();
  assert(subchannels_.empty() && !present.empty());
  subchannels_ = std::move(present);
  std::vector<BalancedServer> balanced;
  balanced.reserve(subchannels_.size());
  for (const auto& subchannel : subchannels_) balanced.push_back(subchannel->balanced());
  balancing_.set_servers(std::move(balanced));
  if (spreads() || !waiting_.empty() || state_ == ConnectivityState::kConnecting) connect_idle();
  update();
}

// This may run in an event of one of them: they are destroyed in a later turn.
void ChannelLoop::retire_subchannels() {
  for (auto& gone : std::exchange(subchannels_, {})) {
    if (gone == nullptr) continue;
    gone->retire();
    retired_.push_back(std::move(gone));
  }
  if (retired_.empty()) return;
  loop().post([this, alive = std::weak_ptr{alive_}] {
    if (!alive.expired()) retired_.clear();
  });
}

void ChannelLoop::take_back(IntrusiveList<ConnectionWaiter>& waiters) {
  while (!waiters.empty()) waiting_.push_back(waiters.pop_front());
}

void ChannelLoop::subchannel_changed(Subchannel& subchannel) {
  if (state_ == ConnectivityState::kShutdown) return;
  assert(Loop::current() == &loop());
  const ConnectivityState now = subchannel.state();
  balancing_.set_state(subchannel.id(), now);
  const bool lost =
      now == ConnectivityState::kTransientFailure || (now == ConnectivityState::kIdle && subchannel.failure().ok());
  if (now == ConnectivityState::kTransientFailure) failure_ = subchannel.failure();
  const bool reconnects = now == ConnectivityState::kIdle && !subchannel.resting() && (spreads() || !waiting_.empty());
  // Servers may have moved.
  if (lost) discovery_.servers_lost();
  if (reconnects) subchannel.connect();
  update();
}

ConnectivityState ChannelLoop::state_of_all() const noexcept {
  if (state_ == ConnectivityState::kShutdown) return state_;
  switch (discovery_.state()) {
    case Resolving::State::kIdle:
      return ConnectivityState::kIdle;
    case Resolving::State::kLookingUp:
      return ConnectivityState::kConnecting;
    case Resolving::State::kFailed:
      return ConnectivityState::kTransientFailure;
    case Resolving::State::kKnown:
      break;
  }
  return balancing_.state();
}

void ChannelLoop::update() {
  const ConnectivityState now = state_of_all();
  if (now != state_) {
    state_ = now;
    const std::shared_ptr<Event> changed = std::exchange(changed_, std::make_shared<Event>());
    changed->set();
  }
  settle_waiting();
}

void ChannelLoop::settle_waiting() {
  if (state_ != ConnectivityState::kReady && state_ != ConnectivityState::kTransientFailure) return;
  // Whoever is told may wait anew; that one is not told again here.
  IntrusiveList<ConnectionWaiter> told;
  while (!waiting_.empty()) told.push_back(waiting_.pop_front());
  while (!told.empty()) settle(told.pop_front());
}

ChannelInfo ChannelLoop::info() const {
  ChannelInfo info;
  info.state = state_;
  info.calls = calls_;
  for (const auto& subchannel : subchannels_) info.subchannels.push_back(subchannel->info());
  return info;
}

std::vector<RunningCall> ChannelLoop::running_calls() {
  std::vector<RunningCall> calls;
  connections_.add_running(calls);
  for (const auto& subchannel : subchannels_) subchannel->add_waiting(calls);
  waiting_.for_each([&calls](const ConnectionWaiter& waiter) { waiter.add_running(calls); });
  return calls;
}

void ChannelLoop::close() {
  if (state_ == ConnectivityState::kShutdown) return;
  assert(Loop::current() == &loop());
  state_ = ConnectivityState::kShutdown;
  failure_ = channel_closed();
  changed_->set();
  discovery_.stop();
  retire_subchannels();
  balancing_.set_servers({});
  while (!waiting_.empty()) settle(waiting_.pop_front());
  assert(waiting_.empty() && subchannels_.empty());
  connections_.say_goodbye();
}

}  // namespace tern
