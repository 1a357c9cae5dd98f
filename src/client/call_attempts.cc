#include "client/call_attempts.h"

#include <fmt/format.h>

#include <cassert>
#include <random>
#include <utility>

#include "client/channel_core.h"
#include "client/client_connection.h"
#include "client/hedged_attempt.h"
#include "client/request_fields.h"
#include "rpc/response_head.h"
#include "tern/async/loop.h"
#include "tern/detail/channel_handle.h"
#include "tern/detail/misuse.h"

// Most calls make one attempt, so that has to cost nothing beside it: the attempt's stream is the call itself, its
// connection a pointer, the decision a few comparisons in Retrying. All else is in Repetition, which most calls never
// make.
//
// Between two attempts the stream is paused (MessageStream::pause): it belongs to no connection, written messages
// are only kept, and readers wait. It stays so until the next attempt is open, not only until it begins: a writer must
// not take the wait for a connection for the call's end. A message that is too long to be kept then can reach no
// attempt as a part of the whole request, and the call ends as its last attempt did.
//
// A connection may be destroyed as soon as it carries none of the call's streams. So the pointer to it is dropped with
// the stream: in attempt_over() when another attempt follows, in stop_attempts() when none does. It is kept through the
// attempt's last event, in which observers may ask for the peer.
namespace tern {

namespace {

const Metadata kNoTrailers;

Status takes_no_calls() { return Status{StatusCode::kUnavailable, "the server takes no new calls"}; }

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<>{0, 1}(random);
}

}  // namespace

class CallAttempts::Repetition final : public Timer, private HedgedAttempt::Call {
 public:
  explicit Repetition(CallAttempts& call) noexcept : call_(call) {}

  void start_hedged();
  /// Stops the hedged attempts that are under way.
  void stop(const Status& status) noexcept { hedged_.stop(status); }

  Status failure;  // of the attempt that ended last

 private:
  void expired() noexcept override { call_.follow(call_.retrying_.delay_passed(call_.part().throttle())); }

  void attempt_answered(HedgedAttempt& attempt, const http2::HeaderBlockRef& block, std::string_view aside,
                        bool ended) override;
  void attempt_answered_at_length(HedgedAttempt& attempt, const http2::HeaderBlock& begun,
                                  http2::HeaderListSize size) override;
  void attempt_failed(HedgedAttempt& attempt, Status status, bool unprocessed) override;
  void request_rejected(Status status) override { call_.attempts_over(std::move(status)); }
  /// The call goes on with this attempt.
  void take_over(HedgedAttempt& attempt);

  CallAttempts& call_;
  HedgedAttempts hedged_;
};

CallAttempts::CallAttempts(const detail::ChannelHandle& channel, std::string_view method, const CallOptions& options)
    : MessageStream(channel.core()->config().options().max_receive_message_length.value_or(SIZE_MAX)),
      channel_(channel.core()),
      head_{.method = method, .options = options, .metadata = {}, .deadline = {}, .trace = {}} {
  if (options.metadata != nullptr) head_.metadata = *options.metadata;
}

CallAttempts::~CallAttempts() {
  if (report_.pending()) report_.stopped(given_up_by_client(), open(), attempt_bytes());
}

CallAttempts::Repetition& CallAttempts::repetition() {
  if (repetition_ == nullptr) repetition_ = std::make_unique<Repetition>(*this);
  return *repetition_;
}

bool CallAttempts::configure(ChannelLoop& part) {
  assert(part_ == nullptr && Loop::current() == &part.loop());
  part_ = &part;
  live_on(part.loop());
  method_config_ = part.service_config()->find(head_.method);
  if (method_config_ == nullptr) return true;
  service_config_ = part.service_config();
  if (method_config_->max_response_bytes) limit_received(*method_config_->max_response_bytes);
  if (channel_->config().options().enable_retries) {
    if (method_config_->retry) retrying_.use(*method_config_->retry);
    // A streamed request is not hedged: it would have to be sent to several servers at once.
    if (method_config_->hedging && request_.has_only()) retrying_.use(*method_config_->hedging);
  }
  return !request_.has_only() || may_send(request_.only());
}

void CallAttempts::require_own_loop() const {
  if (part_ != nullptr && Loop::current() != &part_->loop()) detail::throw_other_loop();
}

void CallAttempts::begin_attempts() {
  assert(part_ != nullptr && !open());
  if (request_.too_long()) commit();
  if (request_.has_only()) request_.end();
  const bool hedges = retrying_.hedges();
  follow(retrying_.begin());
  if (hedges) opened_.set();
}

void CallAttempts::follow(const Retrying::Step& step) {
  if (step.end) return attempts_over(std::move(repetition().failure));
  if (step.wait) {
    part().loop().arm(repetition(), Clock::now() + *step.wait);
  } else if (repetition_ != nullptr) {
    repetition_->disarm();
  }
  if (step.start) start_attempt();
}

void CallAttempts::start_attempt() {
  if (retrying_.hedges()) return repetition().start_hedged();
  assert(!open());
  if (response_.first != nullptr) response_ = {};
  report_.begun(channel_->config(), head_.method);
  ClientConnection* connection = part().connection_for(*this);
  if (connection != nullptr && !open_on(*connection)) attempt_over(takes_no_calls(), true);
}

void CallAttempts::connection_settled(ClientConnection* connection, const Status& failure) {
  if (connection == nullptr) return attempt_over(Status{failure}, false);
  if (!open_on(*connection)) attempt_over(takes_no_calls(), true);
}

bool CallAttempts::waits_for_ready() const noexcept {
  if (head_.options.wait_for_ready) return *head_.options.wait_for_ready;
  return method_config_ != nullptr && method_config_->wait_for_ready.value_or(false);
}

bool CallAttempts::open_on(ClientConnection& connection) {
  assert(!open() && !retrying_.over());
  const RequestFields fields{channel_->config(), head_, retrying_.attempts_before()};
  if (const std::size_t limit = connection.peer_header_limit(); fields.exceed(limit)) {
    attempts_over(fields.too_long_for(limit));
    return true;
  }
  if (!connection.open(*this, fields.list())) return false;
  assert(open());
  if (paused()) resume_anew();
  report_.opened(connection);
  request_.send_on(*this, retrying_.committed());
  opened_.set();
  return true;
}

void CallAttempts::end_request() {
  request_.end();
  send_end();
}

// False as well before the first attempt is open: nothing would send it.
bool CallAttempts::on_writing(const Buffer& message) {
  if (retrying_.over() || !(open() || paused())) return false;
  if (method_config_ != nullptr && !may_send(message)) return false;
  if (retrying_.committed()) return true;
  if (request_.keep(message)) return true;
  if (open()) {
    commit();
    return true;
  }
  follow(retrying_.too_much_sent(false));
  return false;
}

bool CallAttempts::may_send(const Buffer& message) {
  assert(method_config_ != nullptr);
  const std::size_t size = message.size() - rpc::kPrefixBytes;
  if (size <= method_config_->max_request_bytes.value_or(SIZE_MAX)) return true;
  fail(Status{StatusCode::kResourceExhausted,
              fmt::format("message to send is larger than the service config's maxRequestMessageBytes ({} vs. {})",
                          size, *method_config_->max_request_bytes)});
  return false;
}

// A call that streams its request does not hedge: it has no other attempt to cancel.
void CallAttempts::commit() {
  static_cast<void>(retrying_.too_much_sent(true));
  request_.drop_messages();
}

void CallAttempts::fail(Status&& status) {
  if (retrying_.over()) return;
  attempts_over(std::move(status));
  reset(http2::ErrorCode::kCancel);
}

void CallAttempts::on_headers(const http2::HeaderBlockRef& block, std::string_view /*aside*/, bool ended) {
  std::shared_ptr<const rpc::ResponseBlock> read = read_response(*block);
  if (ended) response_.last = read;
  if (response_.first == nullptr) response_.first = std::move(read);
  assert(response_.first != nullptr);
  if (ended) return on_end();
  static_cast<void>(retrying_.response_began());
  request_.drop_messages();
  if (Status problem = response_.first->problem(); !problem.ok()) return fail(std::move(problem));
  receive_compressed(response_.first->encoding());
  headers_.set();
}

void CallAttempts::on_headers_too_long(const http2::HeaderBlock& /*begun*/, http2::HeaderListSize size) {
  fail(response_metadata_too_long(size, channel_->config()));
}

Status CallAttempts::status_of_response() const {
  assert(response_.first != nullptr);
  Status status = rpc::final_status(*response_.first, response_.last.get());
  if (status.ok() && ended_inside_a_message()) {
    status = Status{StatusCode::kInternal, "the response ended inside of a message"};
  } else if (status.ok() && lacks_message()) {
    status = Status{StatusCode::kUnimplemented,
                    "the call ended with OK and no message where the method has one (a cardinality violation)"};
  }
  return status;
}

void CallAttempts::on_end() {
  Status status = status_of_response();
  const bool sending = open() && (!request_.ended() || unsent() > 0);
  if (sending && !retrying_.committed() && !status.ok()) renew(true);
  attempt_over(std::move(status), false);
  // The server wants no more of the request (RFC 9113 §8.1).
  if (sending && open() && retrying_.over()) reset(http2::ErrorCode::kCancel);
}

void CallAttempts::on_closed(http2::ErrorCode code) {
  if (retrying_.over()) return;
  assert(connection() != nullptr && !open());
  attempt_over(connection()->status_of_close(code, head_.deadline), code == http2::ErrorCode::kRefusedStream);
}

void CallAttempts::attempt_over(Status&& status, bool unprocessed) {
  if (retrying_.over()) return;
  report_.ended(status, response_.last != nullptr ? response_.last->metadata() : kNoTrailers, attempt_bytes());
  Retrying::Ended ended{.code = status.code(), .unprocessed = unprocessed};
  if (!status.ok() && response_.last != nullptr) ended.pushback = response_.last->retry_pushback();
  const Retrying::Step step = retrying_.attempt_ended(ended, part().throttle(), status.ok() ? 0 : chance());
  if (step.cancel_others) repetition().stop(given_up_by_client());
  if (step.end) return attempts_over(std::move(status));
  report_.forget();
  repetition().failure = std::move(status);
  if (!retrying_.hedges()) pause();
  follow(step);
}

void CallAttempts::stop_attempts(const Status& status) noexcept {
  retrying_.cancel();
  report_.stopped(status, open(), attempt_bytes());
  report_.forget();
  assert(retrying_.over() && connection() == nullptr);
  if (repetition_ != nullptr) {
    repetition_->disarm();
    repetition_->stop(status);
  }
  ListNode<ConnectionWaiter>::unlink();
}

void CallAttempts::Repetition::start_hedged() {
  hedged_.start(*this, *call_.channel_,
                {.head = call_.head_,
                 .waits_for_ready = call_.waits_for_ready(),
                 .attempts_before = call_.retrying_.attempts_before(),
                 .message = call_.request_.only()});
}

void CallAttempts::Repetition::take_over(HedgedAttempt& attempt) {
  assert(!call_.open() && attempt.open());
  call_.report_ = attempt.take_report();
  call_.response_ = {};
  const Retrying::Step step = call_.retrying_.response_began();
  if (step.cancel_others) stop(given_up_by_client());
  disarm();
  call_.take_over(attempt);
}

void CallAttempts::Repetition::attempt_answered(HedgedAttempt& attempt, const http2::HeaderBlockRef& block,
                                                std::string_view aside, bool ended) {
  if (!ended) {
    take_over(attempt);
    return call_.on_headers(block, aside, false);
  }
  call_.report_ = attempt.take_report();
  call_.response_.first = call_.response_.last = read_response(*block);
  call_.attempt_over(call_.status_of_response(), false);
  if (!call_.retrying_.over()) return attempt.drop();
  // The stream is not closed yet.
  call_.take_over(attempt);
  if (call_.unsent() > 0) call_.reset(http2::ErrorCode::kCancel);
}

void CallAttempts::Repetition::attempt_answered_at_length(HedgedAttempt& attempt, const http2::HeaderBlock& begun,
                                                          http2::HeaderListSize size) {
  take_over(attempt);
  call_.on_headers_too_long(begun, size);
}

void CallAttempts::Repetition::attempt_failed(HedgedAttempt& attempt, Status status, bool unprocessed) {
  call_.report_ = attempt.take_report();
  call_.response_ = {};
  call_.attempt_over(std::move(status), unprocessed);
}

}  // namespace tern
