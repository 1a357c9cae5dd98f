#include "tern/telemetry/tracer.h"

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/header_names.h"
#include "telemetry/batch_exporter.h"
#include "telemetry/method_name.h"
#include "telemetry/span.h"
#include "tern/detail/recycler.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

namespace {

using otlp::Span;

constexpr std::chrono::seconds kSendSpansEvery{5};

/// The server's own failures; what a client did wrong is none of them (OpenTelemetry's conventions for gRPC).
bool is_servers_fault(StatusCode code) {
  switch (code) {
    case StatusCode::kUnknown:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kUnimplemented:
    case StatusCode::kInternal:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

/// A method that nobody defined may have any name: a client's, as a proxy passes it on (OpenTelemetry's conventions for
/// RPC, rpc.method).
SpanBuilder span_of_call(const TraceContext& trace, Span::Kind kind, std::string_view path, bool known,
                         Clock::duration took) {
  const std::string_view method = method_name(path);
  SpanBuilder span{trace, kind, known ? method : "grpc", took};
  span.add("rpc.system.name", "grpc");
  span.add("rpc.method", known ? method : kOther);
  if (!known) span.add("rpc.method_original", method);
  return span;
}

/// A URL's user and password are nobody else's business, and its query often neither (OpenTelemetry's conventions for
/// HTTP, url.full).
std::string without_secrets(std::string_view url) {
  std::string shown{url.substr(0, url.find('?'))};
  const std::size_t host = shown.find("://") + 3;
  const std::size_t at = shown.substr(0, shown.find('/', host)).rfind('@');
  if (at != std::string::npos && at > host) shown.erase(host, at + 1 - host);
  return shown;
}

/// "{method} {route}", or the method alone (OpenTelemetry's conventions for HTTP, "Name").
SpanBuilder span_of_request(const TraceContext& trace, Span::Kind kind, std::string_view method, std::string_view route,
                            Clock::duration took) {
  const std::string_view known = http_method_name(method);
  std::string name{known == kOther ? "HTTP" : known};
  if (!route.empty()) name.append(" ").append(route);
  SpanBuilder span{trace, kind, name, took};
  span.add("http.request.method", known);
  if (known != method) span.add("http.request.method_original", method);
  return span;
}

}  // namespace

class Tracer::Core {
 public:
  explicit Core(const TracerOptions& options) : sampled_(options.sampled) {
    if (!options.collector.empty()) exporter_.emplace(options, kTraces, kSendSpansEvery);
  }

  /// A span's place under what came from the other side in `fields`, or at the root of a new trace.
  template <class Fields>
  [[nodiscard]] std::shared_ptr<const TraceContext> begin_from(const Fields& fields) const {
    const auto traceparent = fields.get(rpc::kTraceparent);
    if (!traceparent) return root();
    const std::optional<TraceContext> remote = remote_of(fields, *traceparent);
    return remote ? shared(remote->child()) : root();
  }
  [[nodiscard]] std::shared_ptr<const TraceContext> begin(const TraceContext* parent) const {
    return parent != nullptr ? shared(parent->child()) : root();
  }

  [[nodiscard]] bool records(const TraceContext* context) const noexcept {
    return exporter_ && context != nullptr && context->sampled();
  }
  std::optional<BatchExporter>& exporter() noexcept { return exporter_; }
  void export_span(SpanBuilder span) { exporter_->add(std::move(span).take().SerializeAsString()); }

 private:
  /// Several tracestate fields are one list (Trace Context §3.3); of several traceparent fields none can be believed
  /// (§3.2).
  template <class Fields>
  static std::optional<TraceContext> remote_of(const Fields& fields, std::string_view traceparent) {
    int parents = 0;
    std::string state;
    for (const auto& [name, value] : fields) {
      if (name == rpc::kTraceparent) ++parents;
      if (name != rpc::kTracestate || value.empty()) continue;
      if (!state.empty()) state += ',';
      state += value;
    }
    return parents == 1 ? TraceContext::parse(traceparent, state) : std::nullopt;
  }
  static std::shared_ptr<const TraceContext> shared(TraceContext context) {
    return std::allocate_shared<const TraceContext>(RecyclingAllocator<TraceContext>{}, std::move(context));
  }
  [[nodiscard]] std::shared_ptr<const TraceContext> root() const {
    thread_local std::minstd_rand random{std::random_device{}()};
    const bool sampled = exporter_ && std::uniform_real_distribution<double>{}(random) < sampled_;
    return shared(TraceContext::root(sampled));
  }

  double sampled_;
  std::optional<BatchExporter> exporter_;
};

Tracer::Tracer(const TracerOptions& options) : core_(std::make_unique<Core>(options)) {}
Tracer::~Tracer() = default;

Task<void> Tracer::close() {
  if (core_->exporter()) co_await core_->exporter()->close();
}

std::uint64_t Tracer::sent() const noexcept { return core_->exporter() ? core_->exporter()->sent() : 0; }
std::uint64_t Tracer::dropped() const noexcept { return core_->exporter() ? core_->exporter()->dropped() : 0; }

void Tracer::on_call_begun(ServerContext& context) { context.set_trace(core_->begin_from(context.metadata())); }

void Tracer::on_call_ended(const EndedCall& call) {
  const TraceContext* trace = call.context.trace();
  if (!core_->records(trace)) return;
  const ServerContext& context = call.context;
  SpanBuilder span = span_of_call(*trace, Span::KIND_SERVER, context.method(), context.method_id() != 0, call.took);
  span.add("rpc.response.status_code", name_of(call.status.code()));
  span.add_peer(context.peer());
  if (const auto agent = context.metadata().get("user-agent")) span.add("user_agent.original", *agent);
  if (is_servers_fault(call.status.code())) span.fail(name_of(call.status.code()), call.status.details());
  core_->export_span(std::move(span));
}

void Tracer::on_call_begun(ClientContext& context) { context.set_trace(core_->begin(context.trace())); }

void Tracer::on_call_ended(const EndedClientCall& call) {
  const TraceContext* trace = call.context.trace();
  if (!core_->records(trace)) return;
  SpanBuilder span = span_of_call(*trace, Span::KIND_CLIENT, call.context.method(), true, call.took);
  span.add("rpc.response.status_code", name_of(call.status.code()));
  span.add_server(target_address(call.context.target()));
  span.add_peer(call.context.peer());
  if (!call.status.ok()) span.fail(name_of(call.status.code()), call.status.details());
  core_->export_span(std::move(span));
}

void Tracer::on_request_begun(rest::Request& request) { request.trace = core_->begin_from(request.fields); }

void Tracer::on_request_ended(const rest::EndedRequest& ended) {
  const rest::Request& request = ended.request;
  if (!core_->records(request.trace.get())) return;
  SpanBuilder span = span_of_request(*request.trace, Span::KIND_SERVER, request.method, request.route, ended.took);
  span.add("url.path", request.path());
  span.add("url.scheme", request.scheme);
  if (!request.route.empty()) span.add("http.route", request.route);
  span.add("network.protocol.version", request.http_version);
  span.add_peer(request.peer);
  span.add("client.address", peer_address(request.peer).address);
  if (const auto agent = request.fields.get("user-agent")) span.add("user_agent.original", *agent);
  if (ended.status == 0) {
    span.fail("cancelled", "the client left");
  } else {
    span.add("http.response.status_code", std::int64_t{ended.status});
    if (ended.status >= 500) span.fail(std::to_string(ended.status));
  }
  core_->export_span(std::move(span));
}

void Tracer::on_request_begun(rest::SentRequest& request) { request.trace = core_->begin(request.trace.get()); }

void Tracer::on_request_ended(const rest::EndedSentRequest& ended) {
  const rest::SentRequest& request = ended.request;
  if (!core_->records(request.trace.get())) return;
  SpanBuilder span = span_of_request(*request.trace, Span::KIND_CLIENT, request.method, {}, ended.took);
  span.add("url.full", without_secrets(request.url));
  span.add("url.scheme", request.secure ? "https" : "http");
  span.add("server.address", request.host);
  span.add("server.port", std::int64_t{request.port});
  if (request.resent > 0) span.add("http.request.resend_count", std::int64_t{request.resent});
  if (ended.status != 0) span.add("http.response.status_code", std::int64_t{ended.status});
  if (ended.status >= 400) {
    span.fail(std::to_string(ended.status));
  } else if (!ended.failure.empty()) {
    span.fail(ended.failure == "cancelled" ? "cancelled" : kOther, ended.failure);
  }
  core_->export_span(std::move(span));
}

}  // namespace tern::telemetry
