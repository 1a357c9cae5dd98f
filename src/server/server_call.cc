#include "server/server_call.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <memory>
#include <utility>
#include <vector>

#include "async/awaiter_names.h"
#include "call/interceptor_parts.h"
#include "call/notify.h"
#include "call/wire_metadata.h"
#include "http2/header_list.h"
#include "rpc/codec.h"
#include "rpc/compression.h"
#include "rpc/content_type.h"
#include "rpc/header_names.h"
#include "rpc/timeout.h"
#include "server/http_part.h"
#include "server/known_request.h"
#include "server/server_connection.h"
#include "server/server_loop.h"
#include "tern/detail/blocking_bridge.h"
#include "tern/detail/method_handler.h"
#include "tern/server/interceptor.h"
#include "tern/server/observer.h"
#include "text/log.h"
#include "text/utf8.h"

namespace tern {

namespace {

constexpr std::array<AwaiterName, 1> kNames{{
    {"tern::Reader", "a message of the peer"},
}};
const AwaiterNames kServerAwaiters{kNames};

const Metadata kNoMetadata;
constexpr http2::HeaderField kStatus200{":status", "200", true};
constexpr http2::HeaderField kContentTypeGrpc{rpc::kContentType, rpc::kGrpcContentType, true};

std::string_view content_type_of(const http2::HeaderBlock& block) {
  return block.get(rpc::kContentType).value_or(std::string_view{});
}

Status shutting_down() { return Status{StatusCode::kUnavailable, "the server is shutting down"}; }

}  // namespace

class ServerCall::Interceptors final : public InterceptorParts {
 public:
  explicit Interceptors(ServerCall& call) : InterceptorParts(call.loop()), call_(call) {}

 private:
  Task<Status> part(std::size_t index) override {
    const std::vector<ServerInterceptor*>& interceptors = call_.connection_.owner().shared().interceptors;
    if (index == interceptors.size()) return run_handler(call_);
    return interceptors[index]->intercept(call_.context_, ServerInterceptor::Next{shared_from_this(), index + 1});
  }
  static Task<Status> run_handler(ServerCall& call) {
    co_await call.request_->handler->handle(call);
    co_return Status{};
  }
  Status status_of(const std::exception_ptr& error) override { return call_.status_of(error); }
  [[nodiscard]] std::string_view method() const noexcept override { return call_.request_->head.path(); }

  ServerCall& call_;
};

ServerCall::ServerCall(ServerConnection& connection)
    : MessageStream(connection.owner().shared().options.max_receive_message_length.value_or(SIZE_MAX),
                    &connection.memory()),
      Job(connection.owner().loop()),
      connection_(connection),
      context_(*this) {}

ServerCall::~ServerCall() {
  if (begun_at_ != Clock::time_point{}) tell_observers_end();
  release_thread();  // for which the body may wait
  destroy_body();    // what it has on its frames may use the context
  if (running_) connection_.owner().call_ended(false);
  connection_.call_gone();
}

void ServerCall::release_thread() noexcept {
  if (bridge_) bridge_->close();
}

void ServerCall::on_headers(const http2::HeaderBlockRef& block, std::string_view timeout, bool ended) {
  assert(request_ == nullptr && !running_);
  headers_ = block;
  request_ = &known_request(*block, connection_.owner().shared().registry);
  if (HttpPart* http = connection_.http(); http != nullptr && request_->head.http_refusal() != 0) {
    http->serve_stream(*this, block, timeout, ended, connection_.peer(), connection_.refusals());
    return leave_if_over();
  }
  if (!connection_.owner().shared().observers.empty()) tell_observers_begin();
  begin(timeout);
  if (ended) on_end();
}

void ServerCall::on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) {
  // Trailers of a call that runs, or the head of a request of which only the beginning is known.
  const bool is_grpc = request_ != nullptr || rpc::parse_content_type(content_type_of(begun)).is_grpc;
  const ServerOptions& options = connection_.owner().shared().options;
  std::string text = fmt::format(
      "the request's metadata, {} bytes in {} fields, exceeds the server's max_metadata_size ({}) or "
      "max_metadata_fields ({})",
      size.bytes, size.fields, http2::header_limit(options.max_metadata_size),
      http2::header_limit(options.max_metadata_fields));
  if (!is_grpc) {
    HttpPart* http = connection_.http();
    if (http == nullptr) return refuse_http(431);
    http->reject_stream(*this, begun, 431, text, connection_.peer(), connection_.refusals());
    return leave_if_over();
  }
  end(Status{StatusCode::kResourceExhausted, std::move(text)});
  if (running_) stop_handler();
}

void ServerCall::refuse_http(int http_status) {
  assert(!running_);
  answered_ = true;
  const std::string text = std::to_string(http_status);
  const http2::HeaderField field{":status", text, false};
  send_only_headers({&field, 1});
}

void ServerCall::begin(std::string_view timeout) {
  assert(request_ != nullptr && !running_);
  const rpc::RequestHead& head = request_->head;
  if (const int http_status = head.http_refusal(); http_status != 0) return refuse_http(http_status);
  if (!head.problem().ok()) return end(head.problem());
  if (request_->handler == nullptr) {
    const ServiceRegistry& registry = connection_.owner().shared().registry;
    return end(Status{StatusCode::kUnimplemented, registry.explain_missing(head.path())});
  }
  // Its client made it before it knew: a GOAWAY takes a round trip.
  if (connection_.owner().refuses_calls()) return end(shutting_down());
  if (connection_.owner().full()) {
    constexpr const char* kText = "the server has too many calls in flight (max_calls_in_flight)";
    connection_.refused(Refusal::kCalls, kText);
    return end(Status{StatusCode::kResourceExhausted, kText});
  }
  receive_compressed(head.encoding());
  if (!timeout.empty()) {
    const auto duration = rpc::parse_timeout(timeout);
    if (!duration) return end(Status{StatusCode::kInternal, fmt::format("bad grpc-timeout \"{}\"", timeout)});
    inherited.deadline = rpc::deadline_after(Clock::now(), *duration);
    loop().arm(*this, *inherited.deadline);
  }
  if (request_->handler->requests() == MethodHandler::Requests::kStream) {
    start_handler();
  } else {
    eager_ = true;
    expect_one_message();
  }
}

void ServerCall::tell_observers_begin() {
  assert(begun_at_ == Clock::time_point{} && request_ != nullptr);
  begun_at_ = Clock::now();
  notify(connection_.owner().shared().observers,
         [this](ServerObserver& observer) { observer.on_call_begun(context_); });
}

void ServerCall::tell_observers_end() noexcept {
  assert(begun_at_ != Clock::time_point{} && request_ != nullptr);
  const Clock::duration took = Clock::now() - std::exchange(begun_at_, Clock::time_point{});
  const bool unary = request_->handler != nullptr && request_->handler->requests() == MethodHandler::Requests::kOne &&
                     !request_->handler->types().streams_responses;
  // One that its client has given up has got no status.
  const Status gone{StatusCode::kCancelled};
  const EndedCall ended{.context = context_,
                        .status = status_.ok() && (context_.cancelled() || running_) ? gone : status_,
                        .took = took,
                        .unary = unary,
                        .received = received(),
                        .sent = sent()};
  notify(connection_.owner().shared().observers, [&ended](ServerObserver& observer) { observer.on_call_ended(ended); });
}

void ServerCall::on_end() {
  if (answered_) return;
  assert(request_ != nullptr);
  if (ended_inside_a_message()) {
    end_incoming();
    on_bad_message(Status{StatusCode::kInternal, "the request ended inside of a message"});
    return;
  }
  end_incoming();
  if (!running_) request_complete();
}

void ServerCall::request_complete() {
  assert(!running_ && !answered_);
  if (incoming().empty()) {
    return end(Status{StatusCode::kUnimplemented,
                      "the request ended without a message, and the method has one (a cardinality violation)"});
  }
  start_handler();
}

void ServerCall::start_handler() {
  assert(!running_ && request_->handler != nullptr);
  assert(Loop::current() == &loop());
  running_ = true;
  inherited.name = request_->head.path().c_str();
  started_at_ = connection_.owner().call_started();
  start(intercepted() ? run_intercepted() : request_->handler->handle(*this));
}

RunningCall ServerCall::info() const {
  JobStack stack{*this};
  std::string awaits = stack.awaits();
  return {.method = request_->head.path(),
          .peer = connection_.peer(),
          .started = started_at_,
          .deadline = inherited.deadline,
          .cancelled = Job::cancelled(),
          .awaits = std::move(awaits),
          .stack = std::move(stack)};
}

// Who opens calls with large replies and takes none would have the server hold them all.
Task<void> ServerCall::before(Task<void> handler) {
  return connection_.memory().crowded() ? run_when_there_is_room(std::move(handler)) : std::move(handler);
}

Task<void> ServerCall::run_when_there_is_room(Task<void> handler) {
  const bool room = co_await connection_.memory().until_not_crowded();
  if (!room) refuse_message();
  co_await std::move(handler);
}

void ServerCall::refuse_message() {
  connection_.refused(Refusal::kMessages, http2::kNothingIsTaken);
  throw AbortError{Status{StatusCode::kResourceExhausted, http2::kNothingIsTaken}};
}

Task<void> ServerCall::run_intercepted() {
  const auto parts = std::allocate_shared<Interceptors>(RecyclingAllocator<Interceptors>{}, *this);
  Status status = co_await InterceptorParts::run(parts, 0);
  if (!parts->mistake().ok()) status = parts->mistake();
  if (!status.ok()) throw AbortError{std::move(status)};
}

bool ServerCall::intercepted() const noexcept { return !connection_.owner().shared().interceptors.empty(); }

void ServerCall::show_request(MessageRef message) {
  for (ServerInterceptor* interceptor : connection_.owner().shared().interceptors) {
    interceptor->on_request(context_, message);
  }
}

Buffer ServerCall::only_request() {
  Result<Buffer> bytes = pop_incoming();
  if (!bytes.ok()) throw AbortError{bytes.status()};
  return std::move(bytes).value();
}

Buffer ServerCall::encode(MessageRef message) {
  for (ServerInterceptor* interceptor : connection_.owner().shared().interceptors) {
    interceptor->on_response(context_, message);
  }
  const std::size_t limit = connection_.owner().shared().options.max_send_message_length.value_or(SIZE_MAX);
  Buffer encoded = rpc::encode_message(message, limit);
  if (encoded.empty()) throw AbortError{rpc::too_long_to_send(message, limit)};
  if (!may_hold(encoded.size())) refuse_message();
  const bool compress = std::exchange(context_.compress_next_, true);
  make_ready_to_send(encoded, compress ? compression() : Compression::kIdentity);
  return encoded;
}

Compression ServerCall::compression() const noexcept {
  assert(request_ != nullptr);
  const Compression wanted = context_.compression_.value_or(connection_.owner().shared().options.compression);
  return request_->head.accepts(wanted) ? wanted : Compression::kIdentity;
}

void ServerCall::send_initial_metadata() {
  if (std::exchange(headers_sent_, true) || answered_) return;
  const Compression encoding = compression();
  context_.compression_ = encoding;  // later changes come too late
  if (context_.initial_metadata().empty() && encoding == Compression::kIdentity) {
    static constexpr std::array kUsual{kStatus200, kContentTypeGrpc};
    send_headers(kUsual);
    return;
  }
  http2::HeaderFields fields{kStatus200, kContentTypeGrpc};
  if (encoding != Compression::kIdentity) {
    fields.push_back({rpc::kGrpcEncoding, name_of(encoding), true});
    fields.push_back({rpc::kGrpcAcceptEncoding, rpc::kAcceptedEncodings, true});
  }
  FieldTexts texts;
  append_metadata(fields, context_.initial_metadata(), texts);
  if (const std::size_t size = http2::header_list_size(fields); size > peer_header_limit()) {
    headers_sent_ = false;
    return refuse_initial_metadata(size);
  }
  send_headers(fields);
}

void ServerCall::refuse_initial_metadata(std::size_t size) {
  context_.initial_metadata().clear();
  // A code of the handler's survives.
  end(status_.ok() ? too_long_for_client("initial", size) : status_);
  if (running_) stop_handler();
}

Status ServerCall::too_long_for_client(std::string_view which, std::size_t size) const {
  return Status{StatusCode::kResourceExhausted,
                fmt::format("the response's {} metadata has {} bytes, and the client accepts {} "
                            "(SETTINGS_MAX_HEADER_LIST_SIZE): send less, or raise the client's max_metadata_size",
                            which, size, peer_header_limit())};
}

void ServerCall::check_trailing_metadata() {
  const std::size_t size = wire_size(context_.trailing_metadata());
  // With the status line, the content type and the code, which take less than this.
  constexpr std::size_t kBesides = 256;
  if (size + kBesides <= peer_header_limit()) return;
  const Status too_long = too_long_for_client("trailing", size);
  connection_.refusals().note(connection_.peer(), too_long.details());
  context_.trailing_metadata().clear();
  if (status_.ok()) status_ = too_long;
}

void ServerCall::send_message(MessageRef message) {
  Buffer encoded = encode(message);
  send_initial_metadata();
  send_data(std::move(encoded));
}

std::shared_ptr<BlockingBridge> ServerCall::bridge() {
  if (!bridge_) bridge_ = std::make_shared<BlockingBridge>(loop());
  return bridge_;
}

Executor& ServerCall::workers() const { return connection_.owner().shared().workers(); }

const Metadata& ServerCall::initial_metadata() const noexcept { return on_worker_ ? kNoMetadata : context_.initial_; }
const Metadata& ServerCall::trailing_metadata() const noexcept { return on_worker_ ? kNoMetadata : context_.trailing_; }

void ServerCall::end(Status status) {
  if (answered_) return;
  status_ = std::move(status);
  disarm();
  // What was announced as initial metadata is sent as such; otherwise an error is all in one block (Trailers-Only).
  if (!trailing_metadata().empty()) check_trailing_metadata();
  if (!headers_sent_ && !initial_metadata().empty()) send_initial_metadata();
  if (answered_) return;  // the initial metadata was too long
  answered_ = true;
  if (headers_sent_) {
    send_end();
    return;
  }
  headers_sent_ = true;
  http2::HeaderFields fields{kStatus200, kContentTypeGrpc};
  FieldTexts texts;
  if (status_.code() == StatusCode::kUnimplemented) {
    fields.push_back({rpc::kGrpcAcceptEncoding, rpc::kAcceptedEncodings, true});
  }
  append_trailers(fields, status_, trailing_metadata(), peer_header_limit(), texts);
  send_only_headers(fields);
}

void ServerCall::on_trailers_due(http2::HeaderFields& trailers) {
  assert(answered_ && headers_sent_);
  if (status_.ok() && trailing_metadata().empty()) {
    trailers.push_back({rpc::kGrpcStatus, "0", true});
    return;
  }
  trailer_texts_ = std::make_unique<FieldTexts>();
  append_trailers(trailers, status_, trailing_metadata(), peer_header_limit(), *trailer_texts_);
}

void ServerCall::on_bad_message(Status status) {
  if (status.code() == StatusCode::kResourceExhausted) connection_.refused(Refusal::kMessages, status.details());
  end(std::move(status));
  stop_handler();
}

void ServerCall::expired() noexcept {
  end(Status{StatusCode::kDeadlineExceeded, "Deadline Exceeded"});
  release_waits();
  stop_handler();
}

void ServerCall::cancel_handler() noexcept {
  end(shutting_down());
  release_waits();
  stop_handler();
}

void ServerCall::end_when_draining() noexcept {
  ends_when_draining_ = true;
  if (connection_.owner().draining()) cancel_handler();
}

void ServerCall::on_closed(http2::ErrorCode /*code*/) {
  assert(!open());
  disarm();
  answered_ = true;
  release_waits();
  if (!running_) return leave_if_over();
  stop_handler();
}

void ServerCall::stop_handler() noexcept {
  cancelled_.store(true, std::memory_order_relaxed);
  Job::cancel();
}

void ServerCall::finished(std::exception_ptr error) {
  assert(running_ && request_ != nullptr);
  running_ = false;
  context_.arena_.reset();
  end(error ? status_of(error) : Status{});
  assert(answered_ && !running_);
  if (begun_at_ != Clock::time_point{}) tell_observers_end();
  connection_.owner().call_ended(status_.ok() && !context_.cancelled());
  leave_if_over();
}

void ServerCall::leave_if_over() {
  if (!open() && !running_) connection_.call_over(*this);
}

Status ServerCall::status_of(const std::exception_ptr& error) const {
  assert(error != nullptr && request_ != nullptr);
  std::string what;
  try {
    std::rethrow_exception(error);
  } catch (const AbortError& abort) {
    return abort.status();
  } catch (const Cancelled&) {
    return Status{StatusCode::kCancelled, "the handler was cancelled"};
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "an exception that is no std::exception";
  }
  // What went wrong inside is for the log; the client learns only that something did.
  log_error("server", "{}: unexpected exception in the handler: {}", text::log_text(request_->head.path()),
            text::log_text(what));
  return Status{StatusCode::kUnknown, "Unexpected error in the handler of " + request_->head.path()};
}

}  // namespace tern
