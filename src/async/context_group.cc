#include "tern/async/context_group.h"

#include <boost/asio/io_context.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "async/loop_group.h"
#include "async/loop_watch.h"
#include "tern/async/loop.h"

namespace tern {

struct ContextGroup::State {
  LoopGroup group;
  std::optional<LoopWatch> watch;
};

namespace {

std::vector<boost::asio::io_context*> pointers(const std::vector<std::unique_ptr<boost::asio::io_context>>& contexts) {
  std::vector<boost::asio::io_context*> pointers;
  pointers.reserve(contexts.size());
  for (const auto& context : contexts) pointers.push_back(context.get());
  return pointers;
}

}  // namespace

ContextGroup::ContextGroup(const std::vector<boost::asio::io_context*>& contexts, ContextGroupOptions options)
    : state_(std::make_unique<State>()) {
  if (contexts.empty()) throw std::invalid_argument("a ContextGroup needs at least one io_context");
  if (options.blocked_after && options.blocked_after->count() <= 0) {
    throw std::invalid_argument(
        "ContextGroupOptions::blocked_after is not longer than 0: std::nullopt watches no loop");
  }
  for (boost::asio::io_context* context : contexts) {
    if (!state_->group.add(Loop::of(*context))) {
      state_->group.release_loops();
      throw std::logic_error("an io_context is in one ContextGroup, once, and those of tern::run() are in none");
    }
  }
  if (options.blocked_after) state_->watch.emplace(state_->group.loops(), *options.blocked_after);
}

ContextGroup::ContextGroup(const std::vector<std::unique_ptr<boost::asio::io_context>>& contexts,
                           ContextGroupOptions options)
    : ContextGroup(pointers(contexts), options) {}

ContextGroup::~ContextGroup() {
  state_->watch.reset();
  state_->group.close();
  state_->group.release_loops();
}

}  // namespace tern
