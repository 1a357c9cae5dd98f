#include "tern/client/channel.h"

#include <utility>

#include "client/channel_core.h"
#include "tern/async/event.h"
#include "tern/detail/misuse.h"
#include "tern/rpc/status.h"

namespace tern {

Channel::Channel(std::string target, ChannelOptions options)
    : core_(std::make_shared<ChannelCore>(std::move(target), std::move(options))), home_(Loop::current()) {
  if (home_ == nullptr) {
    own_loop_ = std::make_unique<LoopThread>();
    home_ = &own_loop_->loop();
  }
  core_->set_home(home_);
}

Channel::Channel(boost::asio::io_context& context, std::string target, ChannelOptions options)
    : core_(std::make_shared<ChannelCore>(std::move(target), std::move(options))), home_(&Loop::of(context)) {}

Channel::~Channel() {
  core_->set_home(nullptr);
  if (own_loop_ && Loop::current() == nullptr) {
    block_on_loop(*home_, ChannelCore::close(core_));
  } else {
    core_->begin_close();
  }
}

void Channel::add_interceptor(ClientInterceptor& interceptor) {
  core_->config_before_use("add_interceptor() comes after the channel was used: call it before connect() and all calls")
      .add_interceptor(interceptor);
}
void Channel::add_observer(ClientObserver& observer) {
  core_->config_before_use("add_observer() comes after the channel was used: call it before connect() and all calls")
      .add_observer(observer);
}

void Channel::add_interceptor(std::shared_ptr<ClientInterceptor> interceptor) {
  add_interceptor(detail::required(interceptor, "add_interceptor()"));
  core_->keep(std::move(interceptor));
}
void Channel::add_observer(std::shared_ptr<ClientObserver> observer) {
  add_observer(detail::required(observer, "add_observer()"));
  core_->keep(std::move(observer));
}

detail::ChannelHandle::ChannelHandle(Channel& channel) noexcept : core_(channel.core_) {}
Loop* detail::ChannelHandle::home_if_there() const noexcept { return core_->home(); }
Loop& detail::ChannelHandle::home() const {
  if (core_ == nullptr) throw_moved_from();  // a BlockingCall moves its handle along
  Loop* home = core_->home();
  if (home == nullptr)
    throw_misuse("the stub's channel was destroyed: keep the Channel while stubs make blocking calls");
  return *home;
}

namespace {

// The channel may be destroyed while these wait, so they have the core.
Task<void> connect_part(std::shared_ptr<ChannelCore> core) {
  ChannelLoop& part = core->part_here();
  for (;;) {
    const ConnectivityState state = part.state();
    if (state == ConnectivityState::kReady) co_return;
    if (state == ConnectivityState::kShutdown || state == ConnectivityState::kTransientFailure) {
      throw RpcError{part.failure()};
    }
    part.connect();
    if (part.state() != state) continue;
    const std::shared_ptr<Event> changed = part.changed();
    co_await changed->wait();
  }
}

Task<ConnectivityState> wait_for_change(std::shared_ptr<ChannelCore> core, ConnectivityState last,
                                        std::optional<Clock::time_point> limit) {
  ChannelLoop& part = core->part_here();
  while (part.state() == last && last != ConnectivityState::kShutdown) {  // from which it never changes
    const std::shared_ptr<Event> changed = part.changed();
    const bool in_time = co_await changed->wait(limit);
    if (!in_time) break;
  }
  co_return part.state();
}

Task<ChannelInfo> inspect_if_there(std::weak_ptr<ChannelCore> core, std::uint64_t id, std::string target,
                                   Inspect what) {
  if (std::shared_ptr<ChannelCore> there = core.lock()) co_return co_await ChannelCore::inspect(std::move(there), what);
  ChannelInfo gone;
  gone.id = id;
  gone.target = std::move(target);
  gone.state = ConnectivityState::kShutdown;
  co_return gone;
}

}  // namespace

Task<void> Channel::connect() { return connect_part(core_); }
ConnectivityState Channel::state() { return core_->part_here().state(); }
Task<ConnectivityState> Channel::wait_for_state_change(ConnectivityState last, std::optional<Clock::time_point> limit) {
  return wait_for_change(core_, last, limit);
}

void Channel::reset_backoff() { core_->part_here().reset_backoff(); }

Task<void> Channel::close() { return ChannelCore::close(core_); }
Task<ChannelInfo> Channel::inspect(Inspect what) const { return ChannelCore::inspect(core_, what); }
std::function<Task<ChannelInfo>()> Channel::inspector(Inspect what) const {
  return [core = std::weak_ptr{core_}, id = id(), target = target(), what] {
    return inspect_if_there(core, id, target, what);
  };
}
std::uint64_t Channel::id() const noexcept { return core_->id(); }
const std::string& Channel::target() const noexcept { return core_->config().target(); }

}  // namespace tern
