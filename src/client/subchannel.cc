#include "client/subchannel.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>
#include <utility>

#include "client/health_watch.h"

namespace tern {

Subchannel::Subchannel(SubchannelOwner& owner, ChannelConnections& all, SubchannelServer server)
    : owner_(owner), all_(all), server_(std::move(server)), backoff_(all.options().backoff) {
  for (const transport::Address& address : addresses()) name_ += (name_.empty() ? "" : ", ") + address.to_string();
}

Subchannel::~Subchannel() { retire(); }

void Subchannel::retire() {
  disarm();
  stop_watching();
  attempts_.reset();
  for (ClientConnection* connection : std::exchange(connections_, {})) connection->retire();
  if (!waiting_.empty()) owner_.take_back(waiting_);
  assert(connections_.empty() && attempts_ == nullptr && waiting_.empty());
}

BalancedServer Subchannel::balanced() const noexcept {
  return {.id = id_, .address = name_, .attributes = server_.attributes, .state = state_, .calls_in_flight = 0};
}

std::size_t Subchannel::calls_in_flight() const noexcept {
  return std::accumulate(connections_.begin(), connections_.end(), std::size_t{0},
                         [](std::size_t sum, const ClientConnection* connection) { return sum + connection->calls(); });
}

SubchannelInfo Subchannel::info() const {
  SubchannelInfo info{.id = id_, .name = name_, .state = state_, .connections = {}};
  for (const ClientConnection* connection : connections_) {
    if (!connection->lost()) info.connections.push_back(connection->info());
  }
  return info;
}

ClientConnection* Subchannel::connection_for(ConnectionWaiter& waiter) {
  if (waiting_.empty()) {
    if (ClientConnection* connection = with_room(); connection != nullptr) return connection;
  }
  assert(state_ == ConnectivityState::kReady && !waiter.linked());
  waiting_.push_back(waiter);
  attempt_another();
  return nullptr;
}

ClientConnection* Subchannel::with_room() const noexcept {
  for (ClientConnection* connection : connections_) {
    if (connection->usable() && connection->has_room()) return connection;
  }
  // Where there may be one connection only, calls wait for a stream in its session.
  const bool one = connections_.size() == 1 && owner_.max_connections() == 1;
  return one && connections_.front()->usable() ? connections_.front() : nullptr;
}

void Subchannel::serve_waiting() {
  while (!waiting_.empty()) {
    ClientConnection* connection = with_room();
    if (connection == nullptr) return attempt_another();
    waiting_.pop_front().connection_settled(connection, {});
  }
}

void Subchannel::connect() {
  if (state_ != ConnectivityState::kIdle) return;
  assert(connections_.empty() && attempts_ == nullptr);
  resting_ = false;
  attempt();
  become(ConnectivityState::kConnecting);
}

void Subchannel::attempt() {
  assert(attempts_ == nullptr);
  attempt_began_ = Clock::now();
  attempts_ = std::make_unique<ConnectionAttempts>(
      all_, addresses(), [this](ClientConnection* made, const std::string& why_not) { attempts_ended(made, why_not); });
}

// A105's conditions: somebody waits, nobody connects, the last failure is long enough ago, and there may be one more.
void Subchannel::attempt_another() {
  if (waiting_.empty() || attempts_ != nullptr || armed() || connections_.size() >= owner_.max_connections()) return;
  attempt();
}

void Subchannel::attempts_ended(ClientConnection* connection, const std::string& failure) {
  assert(attempts_ != nullptr && !armed());
  const std::unique_ptr<ConnectionAttempts> over = std::move(attempts_);
  // No HealthWatch notifies here, so the stopped ones can be destroyed.
  if (watches_.size() > 1) watches_.erase(watches_.begin(), std::prev(watches_.end()));
  if (connection == nullptr) {
    all_.loop().arm(*this, attempt_began_ + backoff_.next());
    if (!connections_.empty()) return;
    failure_ = Status{StatusCode::kUnavailable, failure};
    return become(ConnectivityState::kTransientFailure);
  }
  connections_.push_back(connection);
  connection->use_for(this, id_);
  backoff_.reset();
  if (connections_.size() > 1) return serve_waiting();
  failure_ = Status{};
  if (owner_.health_service() != nullptr) return watch_health();
  become(ConnectivityState::kReady);
}

// Still connecting, until the server has said how it is.
void Subchannel::watch_health() {
  assert(!connections_.empty() && owner_.health_service() != nullptr);
  watches_.push_back(std::make_unique<HealthWatch>(
      all_, *connections_.front(), *owner_.health_service(),
      [this](bool serving, const std::string& why_not) { health_told(serving, why_not); }));
}

void Subchannel::health_told(bool serving, const std::string& why_not) {
  failure_ = serving ? Status{} : Status{StatusCode::kUnavailable, why_not};
  become(serving ? ConnectivityState::kReady : ConnectivityState::kTransientFailure);
}

void Subchannel::stop_watching() noexcept {
  if (!watches_.empty()) watches_.back()->stop();
}

void Subchannel::reset_backoff() {
  backoff_.reset();
  if (armed()) expired();
}

void Subchannel::expired() noexcept {
  disarm();
  if (connections_.empty()) return become(ConnectivityState::kIdle);
  attempt_another();
}

void Subchannel::connection_idle(ClientConnection& connection) {
  if (connections_.size() > 1) return connection_left(connection);
  if (state_ != ConnectivityState::kReady) return;
  resting_ = true;
  connection_left(connection);
}

void Subchannel::connection_left(ClientConnection& connection) {
  assert(std::ranges::find(connections_, &connection) != connections_.end());
  const bool first = connections_.front() == &connection;
  std::erase(connections_, &connection);
  if (first) stop_watching();
  connection.retire();
  if (!connections_.empty()) {
    if (first && owner_.health_service() != nullptr) watch_health();
    return attempt_another();
  }
  if (attempts_ != nullptr) return become(ConnectivityState::kConnecting);
  disarm();  // of a failure beside the connection that there was
  become(ConnectivityState::kIdle);
}

// Nothing of this object may be used afterwards: the owner may have replaced it.
void Subchannel::become(ConnectivityState state) {
  assert(state != ConnectivityState::kIdle || connections_.empty());
  assert(state != ConnectivityState::kReady || !connections_.empty());
  state_ = state;
  if (state != ConnectivityState::kReady && !waiting_.empty()) owner_.take_back(waiting_);
  owner_.subchannel_changed(*this);
}

}  // namespace tern
