#include "tern/client/client_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "call/wire_metadata.h"
#include "client/channel_core.h"
#include "client/client_connection.h"
#include "client/hedging.h"
#include "client/request_fields.h"
#include "http2/header_list.h"
#include "rpc/header_names.h"
#include "rpc/response_head.h"
#include "rpc/timeout.h"
#include "tern/client/call_credentials.h"
#include "tern/client/observer.h"
#include "tern/rpc/codec.h"
#include "tern/rpc/message_reader.h"
#include "tern/rpc/trace_context.h"

namespace tern {

namespace {

const Metadata kNoMetadata;

/// What a call keeps of what it sent, in bytes, to send it again. gRPC's default for one call.
constexpr std::size_t kReplayBytes = std::size_t{256} * 1024;

Status status_of(const std::exception_ptr& error, StatusCode otherwise = StatusCode::kUnknown) {
  try {
    std::rethrow_exception(error);
  } catch (const RpcError& thrown) {
    return thrown.status();
  } catch (const std::exception& thrown) {
    return Status{otherwise, thrown.what()};
  } catch (const Cancelled&) {
    return Status{StatusCode::kCancelled, "cancelled by the client"};
  } catch (...) {
    return Status{otherwise, "an exception that is no std::exception"};
  }
}

}  // namespace

ClientCall::ClientCall(Channel& channel, std::string_view method, CallOptions options)
    : MessageStream(channel.core()->options().max_receive_message_length),
      channel_(channel.core()),
      method_(method),
      options_(options) {
  if (options.metadata != nullptr) metadata_ = *options.metadata;
}

class ClientCall::Course final : public Job {
 public:
  explicit Course(ClientCall& call)
      : Job(Loop::require_current("a call over a Channel"), Job::current()), call_(call) {}

 private:
  void finished(std::exception_ptr error) override { call_.course_ended(error); }
  ClientCall& call_;
};

ClientCall::~ClientCall() {
  if (counts_ != nullptr) counts_->count_end(false);
  if (begun_at_ != Clock::time_point{}) tell_observers_end(Status{StatusCode::kCancelled, "given up by the client"});
}

// A reply of trailers only has no initial metadata.
const Metadata& ClientCall::initial_metadata() const noexcept {
  return first_ != nullptr && first_ != last_ ? first_->metadata() : kNoMetadata;
}
const Metadata& ClientCall::trailing_metadata() const noexcept {
  return last_ != nullptr ? last_->metadata() : kNoMetadata;
}

void ClientCall::set_request(Result<Buffer> request) {
  if (!request.ok()) return finish(request.status());
  request_ = std::move(request).value();
  has_request_ = true;
}

Event::Waiting ClientCall::opened() {
  start();
  return settled_.wait();
}

void ClientCall::start() {
  if (std::exchange(started_, true)) return;
  if (channel_->closed()) return finish(Status{StatusCode::kCancelled, "the channel was closed"});
  ChannelLoop& part = channel_->part_here();
  counts_ = &part.calls();
  counts_->count_start();
  if (const Job* job = Job::current()) {
    deadline_ = job->deadline;
    trace_ = job->trace;
  }
  if (!channel_->observers().empty()) {
    begun_at_ = Clock::now();
    for (ClientObserver* observer : channel_->observers()) observer->on_call_begun(*this);
  }
  config_ = part.service_config()->find(method_);
  if (config_ != nullptr) {
    service_config_ = part.service_config();
    if (config_->max_response_bytes) limit_received(*config_->max_response_bytes);
    if (has_request_ && !may_send(request_)) return;
  }
  const auto configured = config_ != nullptr ? config_->timeout : std::nullopt;
  if (options_.timeout || configured || deadline_) {
    const Clock::time_point now = Clock::now();
    for (const auto& timeout : {options_.timeout, configured}) {
      if (!timeout) continue;
      const Clock::time_point end = rpc::deadline_after(now, *timeout);
      deadline_ = std::min(end, deadline_.value_or(end));
    }
    if (*deadline_ <= now) return expired();
    part.loop().arm(*this, *deadline_);
  }
  if (!intercepted() && channel_->options().call_credentials == nullptr && options_.credentials == nullptr) {
    return begin();
  }
  course_ = std::make_unique<Course>(*this);
  course_->start(run_course());
}

void ClientCall::begin() {
  begun_ = true;
  // What is streamed to the server is not hedged: it would have to be kept, and sent to several at once.
  if (has_request_ && config_ != nullptr && config_->hedging && channel_->options().enable_retries) {
    requests_ended_ = true;
    hedging_ = std::make_unique<Hedging>(*this, *config_->hedging);
    hedging_->send_next();
    return settled_.set();
  }
  seek_connection();
}

void ClientCall::seek_connection() {
  ChannelLoop& part = channel_->part_here();
  ClientConnection* connection = part.pick(method_, metadata_);
  if (connection != nullptr && open_on(*connection)) return;
  part.wait_for_connection(*this);
}

void ClientCall::connection_settled(ClientConnection* connection, const Status& failure) {
  if (connection == nullptr) return attempt_over(failure, false);
  if (!open_on(*connection)) {
    attempt_over(Status{StatusCode::kUnavailable, "the server takes no new calls"}, true);
  }
}

bool ClientCall::waits_for_ready() const noexcept {
  if (options_.wait_for_ready) return *options_.wait_for_ready;
  return config_ != nullptr && config_->wait_for_ready.value_or(false);
}

bool ClientCall::open_stream(ClientConnection& connection, http2::Stream& stream, int attempts_before) {
  http2::HeaderFields fields;
  fields.reserve(15 + metadata_.size());
  append_request_fields(fields, *channel_, method_);
  // Only a gateway's metadata has one, its client's: it goes in place of ours.
  if (metadata_.get("user-agent")) {
    std::erase_if(fields, [](const http2::HeaderField& field) { return field.name == "user-agent"; });
  }
  if (compression() != Compression::kIdentity) {
    fields.push_back({rpc::kGrpcEncoding, name_of(compression()), true});
  }
  std::optional<rpc::TimeoutText> timeout;
  if (deadline_) {
    timeout.emplace(*deadline_ - Clock::now());
    fields.push_back({rpc::kGrpcTimeout, timeout->view(), false});
  }
  FieldTexts texts;
  if (attempts_before > 0) {
    fields.push_back({rpc::kGrpcPreviousAttempts, texts.emplace_back(std::to_string(attempts_before)), false});
  }
  if (trace_ != nullptr && !metadata_.get(rpc::kTraceparent)) {
    fields.push_back({rpc::kTraceparent, texts.emplace_back(trace_->traceparent()), false});
    if (!trace_->tracestate().empty()) fields.push_back({rpc::kTracestate, trace_->tracestate(), false});
  }
  append_metadata(fields, metadata_, texts);
  if (!metadata_.empty()) {
    const std::size_t size = http2::header_list_size(fields);
    if (const std::size_t most = connection.peer_header_limit(); size > most) {
      finish(Status{StatusCode::kResourceExhausted,
                    fmt::format("the request's metadata has {} bytes, and the server accepts {} "
                                "(SETTINGS_MAX_HEADER_LIST_SIZE): send less, or raise the server's max_metadata_size",
                                size, most)});
      return true;
    }
  }
  return connection.open(stream, fields);
}

bool ClientCall::open_on(ClientConnection& connection) {
  if (!open_stream(connection, *this, attempts_)) return false;
  if (decided()) return true;
  connection_ = &connection;
  if (has_request_) {
    if (request_.size() > kReplayBytes) commit();
    send_data(committed_ ? std::move(request_) : request_);
    requests_ended_ = true;
  }
  for (const Buffer& message : sent_) send_data(message);
  if (requests_ended_) send_end();
  settled_.set();
  return true;
}

bool ClientCall::on_writing(const Buffer& message) {
  if (decided()) return false;
  if (config_ != nullptr && !may_send(message)) return false;
  if (committed_) return true;
  sent_bytes_ += message.size();
  if (sent_bytes_ > kReplayBytes) {
    commit();
  } else {
    sent_.push_back(message);
  }
  return true;
}

bool ClientCall::may_send(const Buffer& message) {
  const std::size_t size = message.size() - rpc::kPrefixBytes;
  if (size <= config_->max_request_bytes.value_or(SIZE_MAX)) return true;
  cancel(Status{StatusCode::kResourceExhausted,
                fmt::format("message to send is larger than the service config's maxRequestMessageBytes ({} vs. {})",
                            size, *config_->max_request_bytes)});
  return false;
}

void ClientCall::commit() noexcept {
  committed_ = true;
  sent_.clear();
}

void ClientCall::attempt_over(Status status, bool unprocessed) {
  if (decided()) return;
  if (committed_ || status.ok()) return finish(std::move(status));
  if (unprocessed && !std::exchange(retried_unprocessed_, true)) {
    // No handler has seen it, so that it may be made again whatever it does (A6, "transparent retries").
    pause();
    return begin_attempt();
  }
  const auto delay = delay_before_retry(status);
  if (!delay) return finish(std::move(status));
  ++attempts_;
  pause();
  if (retry_timer_ == nullptr)
    retry_timer_ = std::make_unique<MemberTimer<ClientCall, &ClientCall::begin_attempt>>(*this);
  channel_->part_here().loop().arm(*retry_timer_, Clock::now() + *delay);
}

std::optional<std::chrono::nanoseconds> ClientCall::delay_before_retry(const Status& status) {
  if (config_ == nullptr || !config_->retry || !channel_->options().enable_retries) return std::nullopt;
  const RetryPolicy& policy = *config_->retry;
  RetryThrottle& throttle = channel_->part_here().throttle();
  const bool retryable = policy.codes.test(static_cast<std::size_t>(status.code()));
  const auto pushback = last_ != nullptr ? last_->retry_pushback() : std::nullopt;
  if (retryable || pushback) throttle.failed();
  if (!retryable || attempts_ + 1 >= policy.max_attempts || !throttle.allows()) return std::nullopt;
  if (pushback) return rpc::parse_milliseconds(*pushback);
  // Any time up to the present step of the backoff (A6).
  const std::int64_t most = Backoff::step(policy.backoff, attempts_).count();
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::nanoseconds{std::uniform_int_distribution<std::int64_t>{0, most}(random)};
}

void ClientCall::begin_attempt() {
  first_ = last_ = nullptr;
  connection_ = nullptr;
  resume_anew();
  seek_connection();
}

Task<void> ClientCall::run_course() {
  Status status = co_await run_from(0);
  conclude(std::move(status));
}

Task<Status> ClientCall::run_from(std::size_t index) {
  const std::vector<ClientInterceptor*>& interceptors = channel_->interceptors();
  if (index == interceptors.size()) co_return co_await run_itself();
  Status status;
  std::exception_ptr error;
  try {
    status = co_await interceptors[index]->intercept(*this, ClientInterceptor::Next{*this, index + 1});
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return status;
  if (is_cancelled(error)) std::rethrow_exception(error);
  co_return status_of(error);
}

Task<Status> ClientCall::run_itself() {
  if (begun_) throw std::logic_error("an interceptor's next() can be called once");
  for (CallCredentials* credentials : {channel_->options().call_credentials, options_.credentials}) {
    if (credentials == nullptr) continue;
    Status status = co_await add_credentials(*credentials);
    if (!status.ok()) co_return status;
  }
  begin();
  co_await itself_ended_.wait();
  co_return *own_end_;
}

Task<Status> ClientCall::add_credentials(CallCredentials& credentials) {
  if (!credentials.allowed_on_plaintext() && !channel_->secure()) {
    co_return Status{StatusCode::kUnauthenticated,
                     "call credentials are not sent over plaintext: use TLS, or credentials that allow it"};
  }
  const std::size_t slash = method_.rfind('/');
  CallTarget target{.service_url = "https://" + channel_->authority() + std::string{method_.substr(0, slash)},
                    .method = method_};
  std::exception_ptr error;
  Metadata added;
  try {
    added = co_await credentials.metadata(std::move(target));
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  if (!error) {
    for (const auto& [key, value] : added) metadata_.add(key, value);
    co_return Status{};
  }
  co_return status_of(error, StatusCode::kUnauthenticated);
}

void ClientCall::course_ended(const std::exception_ptr& error) {
  if (error) conclude(own_end_ ? *own_end_ : status_of(error));
}

bool ClientCall::intercepted() const noexcept { return !channel_->interceptors().empty(); }

void ClientCall::tell_observers_end(const Status& status) noexcept {
  const EndedClientCall ended{.call = *this,
                              .status = status,
                              .took = Clock::now() - std::exchange(begun_at_, Clock::time_point{}),
                              .sent = sent(),
                              .received = received()};
  for (ClientObserver* observer : channel_->observers()) observer->on_call_ended(ended);
}

void ClientCall::message_read(MessageRef message) {
  if (options_.context != nullptr) options_.context->message_was_compressed = message_was_compressed();
  for (ClientInterceptor* interceptor : channel_->interceptors()) interceptor->on_response(*this, message);
}

const std::string& ClientCall::target() const noexcept { return channel_->target(); }
std::string ClientCall::peer() const { return connection_ == nullptr ? std::string{} : connection_->peer(); }

Result<Buffer> ClientCall::encode(MessageRef message, WriteOptions options) {
  for (ClientInterceptor* interceptor : channel_->interceptors()) interceptor->on_request(*this, message);
  Result<Buffer> encoded = rpc::encode_message(message, channel_->options().max_send_message_length);
  if (!encoded.ok()) return encoded;
  return ready_to_send(std::move(encoded).value(), options.compress ? compression() : Compression::kIdentity);
}

Compression ClientCall::compression() const noexcept {
  return options_.compression.value_or(channel_->options().compression);
}

void ClientCall::end_requests() {
  requests_ended_ = true;
  send_end();
}

Event::Waiting ClientCall::end() {
  start();
  drop_incoming();
  return ended_.wait();
}

void ClientCall::on_headers(const http2::HeaderBlockRef& block, std::string_view /*aside*/, bool ended_by_it) {
  std::shared_ptr<const rpc::ResponseBlock> read = read_response(*block);
  if (ended_by_it) last_ = read;
  if (first_ == nullptr) first_ = std::move(read);
  if (ended_by_it) return on_end();
  commit();
  if (Status problem = first_->problem(); !problem.ok()) return cancel(std::move(problem));
  receive_compressed(first_->encoding());
  headers_.set();
}

void ClientCall::on_headers_too_long(const http2::HeaderBlock& /*begun*/, http2::HeaderListSize size) {
  cancel(metadata_too_long(size));
}

Status ClientCall::metadata_too_long(http2::HeaderListSize size) const {
  const ChannelOptions& options = channel_->options();
  return Status{StatusCode::kResourceExhausted,
                fmt::format("the response's metadata, {} bytes in {} fields, exceeds the channel's max_metadata_size "
                            "({}) or max_metadata_fields ({})",
                            size.bytes, size.fields, options.max_metadata_size, options.max_metadata_fields)};
}

void ClientCall::on_end() {
  Status status = rpc::final_status(*first_, last_.get());
  if (status.ok() && ended_inside_a_message()) {
    status = Status{StatusCode::kInternal, "the response ended inside of a message"};
  } else if (status.ok() && lacks_message()) {
    status = Status{StatusCode::kUnimplemented,
                    "the call ended with OK and no message where the method has one (a cardinality violation)"};
  }
  const bool sending = open() && (!requests_ended_ || unsent() > 0);
  if (status.ok()) channel_->part_here().throttle().succeeded();
  if (sending && !committed_ && !status.ok()) renew(true);
  attempt_over(std::move(status), false);
  // The server wants no more of the request (RFC 9113 §8.1).
  if (sending && open() && decided()) reset(http2::ErrorCode::kCancel);
}

void ClientCall::on_closed(http2::ErrorCode code) {
  if (connection_ == nullptr) return;  // it has ended before
  attempt_over(connection_->status_of_close(code, deadline_), code == http2::ErrorCode::kRefusedStream);
}

// What arrived before a good end may show only now, being read, that it is no message.
void ClientCall::on_bad_message(Status status) {
  if (!ended()) return cancel(std::move(status));
  status_ = std::move(status);
  if (options_.context != nullptr) options_.context->status = status_;
}

void ClientCall::expired() noexcept { cancel(Status{StatusCode::kDeadlineExceeded, "Deadline Exceeded"}); }

void ClientCall::cancel(Status status) {
  if (ended()) return;
  // Before it is opened only its course can be stopped; that then ends it, with this status.
  const bool stop_course = course_ != nullptr && !begun_;
  finish(std::move(status));
  reset(http2::ErrorCode::kCancel);
  if (stop_course) course_->cancel();
}

// The call itself is over; so is all of it where nobody stands around it.
void ClientCall::finish(Status status) {
  if (course_ == nullptr) return conclude(std::move(status));
  if (own_end_) return;
  stop_attempts();
  own_end_ = std::move(status);
  if (begun_) itself_ended_.set();
}

void ClientCall::stop_attempts() noexcept {
  if (retry_timer_) retry_timer_->disarm();
  if (hedging_) hedging_->stop();
  ListNode<ConnectionWaiter>::unlink();
}

void ClientCall::conclude(Status status) {
  if (ended()) return;
  status_ = std::move(status);
  if (counts_ != nullptr) std::exchange(counts_, nullptr)->count_end(status_.ok());
  if (begun_at_ != Clock::time_point{}) tell_observers_end(status_);
  stop_attempts();
  disarm();
  started_ = true;
  if (options_.context != nullptr) {
    options_.context->initial_metadata = initial_metadata();
    options_.context->trailing_metadata = trailing_metadata();
    options_.context->status = status_;
    if (connection_ != nullptr) options_.context->peer = connection_->peer();
  }
  connection_ = nullptr;
  settled_.set();
  headers_.set();
  ended_.set();
  release_waits();
}

}  // namespace tern
