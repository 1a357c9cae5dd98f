#include "client/channel_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "client/channel_core.h"
#include "transport/connector.h"

namespace tern {

std::string_view name_of(ConnectivityState state) noexcept {
  switch (state) {
    case ConnectivityState::kIdle:
      return "IDLE";
    case ConnectivityState::kConnecting:
      return "CONNECTING";
    case ConnectivityState::kReady:
      return "READY";
    case ConnectivityState::kTransientFailure:
      return "TRANSIENT_FAILURE";
    case ConnectivityState::kShutdown:
      return "SHUTDOWN";
  }
  return "?";
}

class ChannelLoop::Resolving final : public Job {
 public:
  explicit Resolving(ChannelLoop& owner) : Job(owner.loop_), owner_(owner) {}

 private:
  void finished(std::exception_ptr error) override { owner_.resolving_ended(error); }
  ChannelLoop& owner_;
};

ChannelLoop::ChannelLoop(Loop& loop, const ChannelCore& core)
    : loop_(loop),
      core_(core),
      options_(core.options()),
      service_config_(core.service_config()),
      throttle_(service_config_->throttling),
      keepalive_time_(core.options().keepalive_time),
      resolving_backoff_(core.options().backoff) {
  // The server may not push, so it never opens a stream here.
  settings_.max_concurrent_streams = 0;
  settings_.max_header_bytes = http2::header_limit(options_.max_metadata_size);
  settings_.max_header_fields = http2::header_limit(options_.max_metadata_fields);
}

ChannelLoop::~ChannelLoop() {
  resolving_.reset();
  subchannels_.clear();
  retired_.clear();
  while (!connections_.empty()) delete &connections_.pop_front();
}

const std::string& ChannelLoop::tls_name() const noexcept { return core_.tls_name(); }

// Without a balancer all addresses are one subchannel, which connects to the first that answers (pick_first).
bool ChannelLoop::spreads() const noexcept { return options_.picker != nullptr || service_config_->round_robin; }

ClientConnection* ChannelLoop::pick(std::string_view method, const Metadata& metadata) {
  if (!spreads()) return subchannels_.empty() ? nullptr : subchannels_.front()->connection();
  ready_.clear();
  for (const auto& subchannel : subchannels_) {
    if (subchannel->connection() != nullptr) ready_.push_back(subchannel.get());
  }
  if (ready_.empty()) return nullptr;
  std::size_t chosen = next_++;
  if (options_.picker != nullptr) {
    candidates_.clear();
    for (const Subchannel* subchannel : ready_) {
      candidates_.push_back({.address = subchannel->name(), .calls_in_flight = subchannel->connection()->calls()});
    }
    chosen = options_.picker->pick(candidates_, method, metadata);
  }
  return ready_[chosen % ready_.size()]->connection();
}

void ChannelLoop::wait_for_connection(ConnectionWaiter& waiter) {
  if (state_ == ConnectivityState::kShutdown) {
    return waiter.connection_settled(nullptr, Status{StatusCode::kCancelled, "the channel was closed"});
  }
  if (state_ == ConnectivityState::kTransientFailure && !waiter.waits_for_ready()) {
    return waiter.connection_settled(nullptr, failure_);
  }
  waiting_.push_back(waiter);
  connect();
}

void ChannelLoop::connect() {
  if (state_ == ConnectivityState::kShutdown) return;
  if (!resolved_ && !resolving_failed_) resolve();
  connect_idle();  // where resolving takes time, it is done then
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
  resolving_backoff_.reset();
  if (resolving_failed_) {
    disarm();
    expired();
  }
  for_each_subchannel([](Subchannel& subchannel) { subchannel.reset_backoff(); });
}

bool ChannelLoop::looks_up() const noexcept {
  return options_.in_process == nullptr && (options_.resolver != nullptr || core_.target_addresses().by_dns);
}

void ChannelLoop::resolve() {
  if (resolving_ != nullptr || state_ == ConnectivityState::kShutdown) return;
  resolved_at_ = Clock::now();
  if (!looks_up()) {
    resolved_ = true;
    use(core_.target_addresses().addresses);
    return;
  }
  resolving_ = std::make_unique<Resolving>(*this);
  if (!resolved_) update();
  resolving_->start(look_up());
}

Task<void> ChannelLoop::look_up() {
  if (options_.resolver != nullptr) {
    found_ = co_await options_.resolver->resolve(core_.target());
  } else {
    const transport::Address& host = core_.target_addresses().addresses.front();
    std::vector<transport::Address> addresses = co_await transport::look_up(loop_, host);
    found_.emplace();
    for (const transport::Address& address : addresses) found_->addresses.push_back(address.to_string());
  }
}

void ChannelLoop::resolving_ended(const std::exception_ptr& error) {
  resolving_.reset();
  if (state_ == ConnectivityState::kShutdown) return;
  std::vector<transport::Address> addresses;
  std::string failure;
  try {
    if (error) std::rethrow_exception(error);
    for (const std::string& text : found_->addresses) addresses.push_back(transport::Address::parse(text));
    if (!found_->service_config.empty()) {
      use(std::make_shared<const ServiceConfig>(ServiceConfig::parse(found_->service_config)));
    }
    if (addresses.empty()) failure = "the resolver knows no address";
  } catch (const std::exception& thrown) {
    failure = thrown.what();
  } catch (const Cancelled&) {
    return;
  }
  if (failure.empty()) {
    resolved_ = true;
    resolving_failed_ = false;
    resolving_backoff_.reset();
    if (spreads() && options_.resolve_every.count() > 0) loop_.arm(*this, Clock::now() + options_.resolve_every);
    return use(addresses);
  }
  if (resolved_) {
    // The servers that were known go on.
    spdlog::warn("{}: {}", core_.target(), failure);
    return;
  }
  failure_ = Status{StatusCode::kUnavailable, std::move(failure)};
  resolving_failed_ = true;
  loop_.arm(*this, resolved_at_ + resolving_backoff_.next());
  update();
}

void ChannelLoop::expired() noexcept {
  resolving_failed_ = false;
  if (resolved_) return resolve();
  update();
  if (!waiting_.empty()) connect();
}

void ChannelLoop::use(std::shared_ptr<const ServiceConfig> config) { service_config_ = std::move(config); }

void ChannelLoop::use(const std::vector<transport::Address>& addresses) {
  std::vector<std::vector<transport::Address>> groups;
  if (spreads()) {
    for (const transport::Address& address : addresses) groups.push_back({address});
  } else {
    groups.push_back(addresses);
  }
  std::vector<std::unique_ptr<Subchannel>> present;
  for (const auto& group : groups) {
    const auto same = std::find_if(subchannels_.begin(), subchannels_.end(), [&group](const auto& subchannel) {
      return subchannel != nullptr && subchannel->addresses() == group;
    });
    present.push_back(same != subchannels_.end() ? std::move(*same) : std::make_unique<Subchannel>(*this, group));
  }
  retire_subchannels();
  subchannels_ = std::move(present);
  if (spreads() || !waiting_.empty() || state_ == ConnectivityState::kConnecting) connect_idle();
  update();
}

// This may run in an event of one of them: they are destroyed in a later turn.
void ChannelLoop::retire_subchannels() {
  for (auto& gone : subchannels_) {
    if (gone == nullptr) continue;
    gone->retire();
    retired_.push_back(std::move(gone));
  }
  subchannels_.clear();
  if (retired_.empty()) return;
  loop_.post([this, alive = std::weak_ptr{alive_}] {
    if (!alive.expired()) retired_.clear();
  });
}

ClientConnection& ChannelLoop::add_connection(std::unique_ptr<transport::ByteStream> stream, Subchannel& subchannel) {
  auto* connection = new ClientConnection(*this, std::move(stream), &subchannel);
  connections_.push_back(*connection);
  connection->start();
  return *connection;
}

void ChannelLoop::subchannel_changed(Subchannel& subchannel) {
  if (state_ == ConnectivityState::kShutdown) return;
  const ConnectivityState now = subchannel.state();
  const bool lost =
      now == ConnectivityState::kTransientFailure || (now == ConnectivityState::kIdle && subchannel.failure().ok());
  if (now == ConnectivityState::kTransientFailure) failure_ = subchannel.failure();
  // Servers may have moved.
  if (lost && looks_up() && Clock::now() - resolved_at_ >= options_.min_time_between_resolutions) {
    resolve();
  }
  if (now == ConnectivityState::kIdle && !subchannel.resting() && (spreads() || !waiting_.empty())) {
    subchannel.connect();
  }
  update();
}

ConnectivityState ChannelLoop::state_of_all() const noexcept {
  if (state_ == ConnectivityState::kShutdown) return state_;
  if (resolving_failed_) return ConnectivityState::kTransientFailure;
  if (!resolved_) return resolving_ != nullptr ? ConnectivityState::kConnecting : ConnectivityState::kIdle;
  const auto any = [this](ConnectivityState state) {
    return std::any_of(subchannels_.begin(), subchannels_.end(),
                       [state](const auto& subchannel) { return subchannel->state() == state; });
  };
  for (const auto state : {ConnectivityState::kReady, ConnectivityState::kConnecting, ConnectivityState::kIdle}) {
    if (any(state)) return state;
  }
  return ConnectivityState::kTransientFailure;
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
  while (!told.empty()) {
    ConnectionWaiter& waiter = told.pop_front();
    if (state_ == ConnectivityState::kReady) {
      waiter.connection_settled(pick(waiter.method(), waiter.sent_metadata()), failure_);
    } else if (waiter.waits_for_ready()) {
      waiting_.push_back(waiter);
    } else {
      waiter.connection_settled(nullptr, failure_);
    }
  }
}

ChannelInfo ChannelLoop::info() const {
  ChannelInfo info;
  info.state = state_;
  info.calls = calls_;
  for (const auto& subchannel : subchannels_) info.subchannels.push_back(subchannel->info());
  return info;
}

void ChannelLoop::close() {
  if (state_ == ConnectivityState::kShutdown) return;
  state_ = ConnectivityState::kShutdown;
  disarm();
  changed_->set();
  if (resolving_) resolving_->cancel();
  retire_subchannels();
  const Status closed{StatusCode::kCancelled, "the channel was closed"};
  while (!waiting_.empty()) waiting_.pop_front().connection_settled(nullptr, closed);
  connections_.for_each([](ClientConnection& connection) { connection.say_goodbye(); });
}

void ChannelLoop::too_many_pings(const std::string& peer) {
  keepalive_time_ *= 2;
  spdlog::warn("{} finds our pings too many (ChannelOptions::keepalive_time): from now on every {:.1f} s", peer,
               std::chrono::duration<double>(keepalive_time_).count());
}

void ChannelLoop::remove(ClientConnection& connection) { delete &connection; }

}  // namespace tern
