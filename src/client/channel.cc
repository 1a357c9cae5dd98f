#include "tern/client/channel.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "client/channel_core.h"
#include "tern/async/event.h"
#include "tern/rpc/status.h"

namespace tern {

ChannelCore::ChannelCore(std::string target, ChannelOptions options)
    : target_(std::move(target)),
      address_(transport::Address::parse(target_)),
      authority_(address_.is_unix() ? "localhost" : address_.to_string()),
      options_(std::move(options)) {}

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
  slots_[used].part = std::make_shared<ChannelLoop>(loop, address_, options_);
  slots_[used].loop.store(&loop, std::memory_order_relaxed);
  used_.store(used + 1, std::memory_order_release);
  return *slots_[used].part;
}

void ChannelCore::for_each_part(const std::function<void(const std::shared_ptr<ChannelLoop>&)>& visit) {
  const std::size_t used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) visit(slots_[i].part);
}

void ChannelCore::begin_close() {
  if (closed_.exchange(true)) return;
  for_each_part([](const std::shared_ptr<ChannelLoop>& part) {
    if (Loop::current() == &part->loop()) {
      part->close();
    } else {
      part->loop().post([part] { part->close(); });
    }
  });
}

Task<void> ChannelCore::close() {
  closed_.store(true);
  struct Closing {
    Event done;
    std::size_t left;
  };
  // Shared with what is posted, which may outlive a waiter that is cancelled.
  const auto closing = std::make_shared<Closing>();
  closing->left = used_.load(std::memory_order_acquire);
  Loop& here = Loop::require_current("closing a Channel");
  for_each_part([&](const std::shared_ptr<ChannelLoop>& part) {
    part->loop().post([part, closing, &here] {
      part->close();
      here.post([closing] {
        if (--closing->left == 0) closing->done.set();
      });
    });
  });
  if (closing->left > 0) co_await closing->done.wait();
}

namespace {

class Connecting final : public ConnectionWaiter {
 public:
  void connection_settled(ClientConnection* connection, const Status& why) override {
    if (connection == nullptr) failure = why;
    settled.set();
  }
  Event settled;
  Status failure;
};

}  // namespace

Channel::Channel(std::string target, ChannelOptions options)
    : core_(std::make_shared<ChannelCore>(std::move(target), std::move(options))), home_(Loop::current()) {
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

Task<void> Channel::connect() {
  ChannelLoop& part = core_->part_here();
  if (part.usable() != nullptr) co_return;
  Connecting connecting;
  part.wait_for_connection(connecting);
  co_await connecting.settled.wait();
  if (!connecting.failure.ok()) throw RpcError{connecting.failure};
}

Task<void> Channel::close() { return core_->close(); }
const std::string& Channel::target() const noexcept { return core_->target(); }

}  // namespace tern
