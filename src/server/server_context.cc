#include "tern/server/server_context.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <utility>

#include "rpc/job_trace.h"
#include "server/known_request.h"
#include "server/server_call.h"
#include "server/server_connection.h"
#include "tern/async/loop.h"
#include "tern/detail/blocking_bridge.h"
#include "tern/detail/recycler.h"

namespace tern {

ServerContext::ServerContext(ServerCall& call) noexcept : call_(call) {}
ServerContext::~ServerContext() = default;

const std::string& ServerContext::method() const noexcept { return call_.request_->head.path(); }
std::uint32_t ServerContext::method_id() const noexcept { return call_.request_->method_id; }
const std::string& ServerContext::peer() const noexcept { return call_.connection_.peer(); }
const PeerIdentity& ServerContext::peer_identity() const noexcept { return call_.connection_.identity(); }
const Metadata& ServerContext::metadata() const noexcept { return call_.request_->head.metadata(); }
bool ServerContext::message_was_compressed() const noexcept { return call_.message_was_compressed(); }
std::optional<Clock::time_point> ServerContext::deadline() const noexcept { return call_.inherited.deadline; }

const TraceContext* ServerContext::trace() const noexcept { return rpc::trace_of(call_); }
void ServerContext::set_trace(std::shared_ptr<const TraceContext> trace) noexcept {
  rpc::set_trace(call_, std::move(trace));
}

std::optional<Clock::duration> ServerContext::time_remaining() const noexcept {
  if (!call_.inherited.deadline) return std::nullopt;
  return std::max(Clock::duration::zero(), *call_.inherited.deadline - Clock::now());
}

bool ServerContext::cancelled() const noexcept { return call_.cancelled_.load(std::memory_order_relaxed); }

google::protobuf::Arena& ServerContext::arena() {
  if (arena_ == nullptr) {
    google::protobuf::ArenaOptions options;
    options.block_alloc = recycler::allocate;
    options.block_dealloc = recycler::deallocate;
    options.start_block_size = 1024;
    arena_ = std::make_unique<google::protobuf::Arena>(options);
  }
  return *arena_;
}

void ServerContext::end_when_draining() {
  if (Loop::current() == &call_.loop()) {
    call_.end_when_draining();
  } else {
    // A synchronous handler: the call outlives it.
    call_.loop().post([&call = call_] { call.end_when_draining(); });
  }
}

void ServerContext::abort(StatusCode code, std::string details) { abort(Status{code, std::move(details)}); }

void ServerContext::abort(Status status) {
  if (status.ok()) status = Status{StatusCode::kUnknown, "the handler aborted the call with status OK"};
  throw AbortError{std::move(status)};
}

namespace {

Task<bool> send_initial(ServerCall& call) {
  call.send_initial_metadata();
  co_return true;
}

}  // namespace

void ServerContext::send_initial_metadata() {
  if (Loop::current() == &call_.loop()) return call_.send_initial_metadata();
  // A synchronous handler, which waits meanwhile: the metadata is its own again afterwards.
  call_.bridge()->run(send_initial(call_));
}

}  // namespace tern
