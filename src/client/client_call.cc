#include "client/client_call.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "call/notify.h"
#include "client/channel_core.h"
#include "client/client_connection.h"
#include "client/interceptor_chain.h"
#include "client/request_fields.h"
#include "rpc/codec.h"
#include "rpc/job_trace.h"
#include "rpc/response_head.h"
#include "rpc/timeout.h"
#include "tern/client/observer.h"

// A call ends in two steps. finish() is the end of the call itself: its attempts are over, or it was cancelled.
// conclude() is the end that its user sees, and is the only place that sets the status, tells observers, fills the
// user's CallInfo and wakes who waits. Without interceptors and credentials the second follows from the first at
// once. With them the chain hears of the first, and decides when and with which status the second comes.
//
// Readers are woken in a later turn (Event::set), so nothing here is destroyed in its own event. Observers run at
// once; they may not destroy the call.
namespace tern {

namespace {

const Metadata kNoMetadata;

}  // namespace

class ClientCall::Chain final : public InterceptorChain {
 public:
  explicit Chain(ClientCall& call)
      : InterceptorChain(call.context(), call.channel().config(), call.head()), owner_(call) {}
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() override { destroy_body(); }

 private:
  void begin_call() override { owner_.begin_attempts(); }
  void chain_ended(Status status) override { owner_.conclude(std::move(status)); }
  ClientCall& owner_;
};

// The objects of a closed channel's options, its interceptors and its observers may be gone.
ClientCall::ClientCall(const detail::ChannelHandle& channel, std::string_view method, CallOptions options)
    : CallAttempts(channel, method, options) {
  if (this->channel().closed()) conclude(channel_closed());
}

ClientCall::~ClientCall() {
  if (counts_ != nullptr) counts_->count_end(false);
  if (begun_at_ != Clock::time_point{}) tell_observers_end(given_up_by_client());
}

// A reply of trailers only has no initial metadata.
const Metadata& ClientCall::initial_metadata() const noexcept {
  const auto& [first, last] = response();
  return first != nullptr && first != last ? first->metadata() : kNoMetadata;
}
const Metadata& ClientCall::trailing_metadata() const noexcept {
  return response().last != nullptr ? response().last->metadata() : kNoMetadata;
}

void ClientCall::set_request(Result<Buffer> request) {
  if (!request.ok()) return finish(Status{request.status()});
  set_only_request(std::move(request).value());
}

Event::Waiting ClientCall::opened() {
  start();
  return opened_event().wait();
}

void ClientCall::start() {
  if (started_) return;
  ChannelLoop& part = channel().part_here();
  assert(counts_ == nullptr && !ended());
  started_ = true;
  counts_ = &part.calls();
  counts_->count_start();
  started_at_ = *counts_->last_started;
  if (const Job* job = Job::current()) {
    head().deadline = job->inherited.deadline;
    if (rpc::trace_of(*job) != nullptr) head().trace = rpc::shared_trace_of(*job);
  }
  if (!channel().config().observers().empty()) {
    begun_at_ = Clock::now();
    notify(channel().config().observers(), [this](ClientObserver& observer) { observer.on_call_begun(context_); });
  }
  if (!configure(part)) return;
  if (!arm_deadline(part.loop())) return;
  const CallOptions& options = head().options;
  if (!intercepted() && channel().config().options().call_credentials == nullptr && options.credentials == nullptr) {
    return begin_attempts();
  }
  assert(chain_ == nullptr);
  chain_ = std::make_unique<Chain>(*this);
  chain_->begin();
}

bool ClientCall::arm_deadline(Loop& loop) {
  std::optional<Clock::time_point>& deadline = head().deadline;
  const bool configured = method_config() != nullptr && method_config()->timeout;
  if (!head().options.timeout && !configured && !deadline) return true;
  const Clock::time_point now = Clock::now();
  for (const auto& timeout : {head().options.timeout, configured ? method_config()->timeout : std::nullopt}) {
    if (!timeout) continue;
    const Clock::time_point end = rpc::deadline_after(now, *timeout);
    deadline = std::min(end, deadline.value_or(end));
  }
  assert(deadline.has_value());
  loop.arm(*this, *deadline);
  return *deadline > now;  // else it expires in a turn of its own
}

bool ClientCall::intercepted() const noexcept { return !channel().config().interceptors().empty(); }

void ClientCall::message_read(MessageRef message) {
  if (head().options.info != nullptr) head().options.info->message_was_compressed = message_was_compressed();
  for (ClientInterceptor* interceptor : channel().config().interceptors()) interceptor->on_response(context_, message);
}

const std::string& ClientCall::target() const noexcept { return channel().config().target(); }

std::string ClientCall::peer() const {
  if (connection() != nullptr) return connection()->peer();
  return chain_ != nullptr ? chain_->peer() : std::string{};
}

RunningCall ClientCall::info() const {
  const bool is_open = open();
  return {.method = std::string{method()},
          .peer = peer(),
          .started = started_at_,
          .deadline = head().deadline,
          .cancelled = false,
          .awaits = is_open ? "the server" : "a connection",
          .stack = {}};
}

Result<Buffer> ClientCall::encode(MessageRef message, WriteOptions options) {
  if (ended()) return Status{StatusCode::kCancelled, "the call has ended"};
  for (ClientInterceptor* interceptor : channel().config().interceptors()) interceptor->on_request(context_, message);
  const std::size_t limit = channel().config().options().max_send_message_length.value_or(SIZE_MAX);
  Buffer encoded = rpc::encode_message(message, limit);
  if (encoded.empty()) return rpc::too_long_to_send(message, limit);
  make_ready_to_send(encoded, options.compress ? compression_of(head(), channel().config()) : Compression::kIdentity);
  return encoded;
}

Event::Waiting ClientCall::end() {
  start();
  drop_incoming();
  return ended_.wait();
}

// What arrived before a good end may show only now, being read, that it is no message.
void ClientCall::on_bad_message(Status status) {
  if (!ended()) return cancel(std::move(status));
  status_ = std::move(status);
  if (CallInfo* info = head().options.info) info->status = status_;
}

void ClientCall::expired() noexcept { cancel(Status{StatusCode::kDeadlineExceeded, "Deadline Exceeded"}); }

void ClientCall::cancel(Status status) {
  if (ended()) return;
  // Before the call has begun only its chain can be stopped; that then ends it, with this status.
  const bool stop_chain = chain_ != nullptr && !chain_->call_begun();
  finish(std::move(status));
  reset(http2::ErrorCode::kCancel);
  if (stop_chain) chain_->cancel();
}

void ClientCall::finish(Status&& status) {
  if (chain_ == nullptr) return conclude(std::move(status));
  if (chain_->call_has_ended()) return;
  std::string its_peer = peer();  // the connection may go before the chain has ended
  stop_attempts(status);
  chain_->call_ended(std::move(status), std::move(its_peer));
}

void ClientCall::conclude(Status&& status) {
  if (ended()) return;
  status_ = std::move(status);
  if (counts_ != nullptr) std::exchange(counts_, nullptr)->count_end(status_.ok());
  if (begun_at_ != Clock::time_point{}) tell_observers_end(status_);
  if (CallInfo* info = head().options.info) {
    info->initial_metadata = initial_metadata();
    info->trailing_metadata = trailing_metadata();
    info->status = status_;
    info->peer = peer();
  }
  stop_attempts(status_);
  disarm();
  started_ = true;
  opened_event().set();
  headers_event().set();
  ended_.set();
  assert(counts_ == nullptr && !armed());
  release_waits();
}

void ClientCall::tell_observers_end(const Status& status) noexcept {
  const EndedClientCall ended{.context = context_,
                              .status = status,
                              .took = Clock::now() - std::exchange(begun_at_, Clock::time_point{}),
                              .sent = sent(),
                              .received = received()};
  notify(channel().config().observers(), [&ended](ClientObserver& observer) { observer.on_call_ended(ended); });
}

}  // namespace tern
