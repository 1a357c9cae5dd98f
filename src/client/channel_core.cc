#include "client/channel_core.h"

#include <cassert>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "async/run_on_loops.h"
#include "tern/detail/misuse.h"

namespace tern {

ChannelConfig& ChannelCore::config_before_use(const char* sentence) {
  if (used_.load(std::memory_order_acquire) > 0) detail::throw_misuse(sentence);
  return *config_;
}

ChannelLoop& ChannelCore::part_here() {
  Loop& loop = Loop::require_current("a call over a Channel");
  const std::size_t used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    if (parts_[i].on_loop->loop() == &loop) return *parts_[i].on_loop->get();
  }
  return make_part(loop);
}

ChannelLoop& ChannelCore::make_part(Loop& loop) {
  const std::lock_guard lock{mutex_};
  const std::size_t used = used_.load(std::memory_order_relaxed);
  if (used == kMostLoops) throw std::runtime_error("a channel is used by more than 256 loops");
  Part& part = parts_[used];
  assert(!part.on_loop.has_value());
  part.on_loop.emplace(loop, [this, &loop, &part] { return std::make_unique<ChannelLoop>(loop, config_, part.calls); });
  used_.store(used + 1, std::memory_order_release);
  assert(part.on_loop->get() != nullptr);  // made at once, on its own loop
  ChannelLoop& made = *part.on_loop->get();
  if (closed()) made.close();
  return made;
}

std::vector<const OnLoop<ChannelLoop>*> ChannelCore::parts() const {
  std::vector<const OnLoop<ChannelLoop>*> parts;
  const std::size_t used = used_.load(std::memory_order_acquire);
  parts.reserve(used);
  for (std::size_t i = 0; i < used; ++i) parts.push_back(&*parts_[i].on_loop);
  return parts;
}

void ChannelCore::begin_close() {
  if (closed_.exchange(true)) return;
  for (const auto* part : parts()) part->run([](ChannelLoop& it) { it.close(); });
}

Task<void> ChannelCore::close(std::shared_ptr<ChannelCore> self) {
  self->closed_.store(true);
  std::function<void(ChannelLoop&, std::size_t)> close = [](ChannelLoop& part, std::size_t /*i*/) { part.close(); };
  co_await run_on_loops(self->parts(), std::move(close));
}

namespace {

ConnectivityState better_of(ConnectivityState one, ConnectivityState other) {
  for (const auto state : {ConnectivityState::kReady, ConnectivityState::kConnecting,
                           ConnectivityState::kTransientFailure, ConnectivityState::kIdle}) {
    if (one == state || other == state) return state;
  }
  return one;
}

}  // namespace

Task<ChannelInfo> ChannelCore::inspect(std::shared_ptr<const ChannelCore> self, Inspect what) {
  std::vector<const OnLoop<ChannelLoop>*> parts = self->parts();
  // Shared with loops that come round when nobody waits any more.
  const auto infos = std::make_shared<std::vector<ChannelInfo>>(parts.size());
  std::function<void(ChannelLoop&, std::size_t)> look = [infos, what](ChannelLoop& part, std::size_t i) {
    (*infos)[i] = part.info();
    if (what == Inspect::kCalls) (*infos)[i].running = part.running_calls();
  };
  co_await run_on_loops(std::move(parts), std::move(look));
  ChannelInfo whole;
  whole.id = self->id();
  whole.target = self->config().target();
  if (self->closed()) whole.state = ConnectivityState::kShutdown;
  for (ChannelInfo& part : *infos) {
    if (!self->closed()) whole.state = better_of(whole.state, part.state);
    whole.calls += part.calls;
    std::move(part.subchannels.begin(), part.subchannels.end(), std::back_inserter(whole.subchannels));
    std::move(part.running.begin(), part.running.end(), std::back_inserter(whole.running));
  }
  co_return whole;
}

}  // namespace tern
