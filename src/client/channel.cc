#include "tern/client/channel.h"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>
#include <utility>

#include "async/run_on_loops.h"
#include "client/channel_core.h"
#include "tern/async/event.h"
#include "tern/rpc/status.h"

namespace tern {

namespace {

ServiceConfig config_of(const ChannelOptions& options) {
  ServiceConfig config = ServiceConfig::parse(options.service_config);
  config.round_robin = config.round_robin || options.round_robin;
  return config;
}

/// A resolver of the user's own, or a server in this process, makes of the target's text what it likes.
Target target_of(const ChannelOptions& options, const std::string& target) {
  if (options.resolver != nullptr) return {.addresses = {}, .by_dns = false, .authority = target};
  if (options.in_process != nullptr) return {.addresses = {transport::Address{}}, .by_dns = false, .authority = target};
  return Target::parse(target);
}

}  // namespace

ChannelCore::ChannelCore(std::string target, ChannelOptions options)
    : target_(std::move(target)),
      options_(options),
      addresses_(target_of(options, target_)),
      authority_(addresses_.authority),
      tls_name_(addresses_.addresses.empty() || addresses_.addresses.front().host.empty()
                    ? "localhost"
                    : addresses_.addresses.front().host),
      service_config_(std::make_shared<const ServiceConfig>(config_of(options))) {
  if (!options.authority.empty()) {
    authority_ = options.authority;
    tls_name_ = authority_.substr(0, authority_.rfind(':'));
  }
  // The texts were the caller's, and are read.
  options_.authority = authority_;
  options_.service_config = {};
}

ChannelCore::~ChannelCore() = default;

ChannelLoop& ChannelCore::part_here() {
  Loop& loop = Loop::require_current("a call over a Channel");
  const std::size_t used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    if (slots_[i].loop.load(std::memory_order_relaxed) == &loop) return *slots_[i].part;
  }
  return make_part(loop);
}

ChannelLoop& ChannelCore::make_part(Loop& loop) {
  const std::lock_guard lock{mutex_};
  const std::size_t used = used_.load(std::memory_order_relaxed);
  if (used == kMostLoops) throw std::runtime_error("a channel is used by too many loops");
  slots_[used].part = std::make_shared<ChannelLoop>(loop, *this);
  slots_[used].loop.store(&loop, std::memory_order_relaxed);
  used_.store(used + 1, std::memory_order_release);
  return *slots_[used].part;
}

std::vector<std::shared_ptr<ChannelLoop>> ChannelCore::parts() const {
  std::vector<std::shared_ptr<ChannelLoop>> parts;
  const std::size_t used = used_.load(std::memory_order_acquire);
  parts.reserve(used);
  for (std::size_t i = 0; i < used; ++i) parts.push_back(slots_[i].part);
  return parts;
}

void ChannelCore::begin_close() {
  if (closed_.exchange(true)) return;
  for (const auto& part : parts()) {
    if (Loop::current() == &part->loop()) {
      part->close();
    } else {
      part->loop().post([part] { part->close(); });
    }
  }
}

namespace {

std::vector<Loop*> loops_of(const std::vector<std::shared_ptr<ChannelLoop>>& parts) {
  std::vector<Loop*> loops;
  loops.reserve(parts.size());
  for (const auto& part : parts) loops.push_back(&part->loop());
  return loops;
}

}  // namespace

Task<void> ChannelCore::close() {
  closed_.store(true);
  const std::vector<std::shared_ptr<ChannelLoop>> all = parts();
  std::function<void(std::size_t)> close = [all](std::size_t i) { all[i]->close(); };
  co_await run_on_loops(loops_of(all), std::move(close));
}

Task<ChannelInfo> ChannelCore::inspect() {
  const std::vector<std::shared_ptr<ChannelLoop>> all = parts();
  const auto infos = std::make_shared<std::vector<ChannelInfo>>(all.size());
  std::function<void(std::size_t)> look = [all, infos](std::size_t i) { (*infos)[i] = all[i]->info(); };
  co_await run_on_loops(loops_of(all), std::move(look));
  ChannelInfo whole;
  whole.id = id_;
  whole.target = target_;
  if (closed()) whole.state = ConnectivityState::kShutdown;
  const auto better = [](ConnectivityState one, ConnectivityState other) {
    for (const auto state : {ConnectivityState::kReady, ConnectivityState::kConnecting,
                             ConnectivityState::kTransientFailure, ConnectivityState::kIdle}) {
      if (one == state || other == state) return state;
    }
    return one;
  };
  for (ChannelInfo& part : *infos) {
    if (!closed()) whole.state = better(whole.state, part.state);
    whole.calls += part.calls;
    std::move(part.subchannels.begin(), part.subchannels.end(), std::back_inserter(whole.subchannels));
  }
  co_return whole;
}

Channel::Channel(std::string target, ChannelOptions options)
    : core_(std::make_shared<ChannelCore>(std::move(target), options)), home_(Loop::current()) {
  if (home_ != nullptr) return;
  own_loop_ = std::make_unique<LoopThread>();
  home_ = &own_loop_->loop();
}

Channel::~Channel() {
  if (own_loop_ && Loop::current() == nullptr) {
    block_on_loop(*home_, core_->close());
  } else {
    core_->begin_close();
  }
}

void Channel::add_interceptor(ClientInterceptor& interceptor) { core_->add_interceptor(interceptor); }
void Channel::add_observer(ClientObserver& observer) { core_->add_observer(observer); }

Task<void> Channel::connect() {
  ChannelLoop& part = core_->part_here();
  for (;;) {
    const ConnectivityState state = part.state();
    if (state == ConnectivityState::kReady) co_return;
    if (state == ConnectivityState::kShutdown) throw RpcError{Status{StatusCode::kCancelled, "the channel was closed"}};
    if (state == ConnectivityState::kTransientFailure) throw RpcError{part.failure()};
    part.connect();
    if (part.state() != state) continue;
    const std::shared_ptr<Event> changed = part.changed();
    co_await changed->wait();
  }
}

ConnectivityState Channel::state() { return core_->part_here().state(); }

Task<ConnectivityState> Channel::wait_for_state_change(ConnectivityState last, std::optional<Clock::time_point> limit) {
  ChannelLoop& part = core_->part_here();
  while (part.state() == last && last != ConnectivityState::kShutdown) {  // from which it never changes
    const std::shared_ptr<Event> changed = part.changed();
    const bool in_time = co_await changed->wait(limit);
    if (!in_time) break;
  }
  co_return part.state();
}

void Channel::reset_backoff() { core_->part_here().reset_backoff(); }

Task<void> Channel::close() { return core_->close(); }
Task<ChannelInfo> Channel::inspect() const { return core_->inspect(); }
std::uint64_t Channel::id() const noexcept { return core_->id(); }
const std::string& Channel::target() const noexcept { return core_->target(); }

}  // namespace tern
