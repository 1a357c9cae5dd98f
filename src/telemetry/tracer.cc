#include "tern/telemetry/tracer.h"

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/header_names.h"
#include "telemetry/method_name.h"
#include "telemetry/span_exporter.h"
#include "tern/async/recycler.h"
#include "tern/client/client_call.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

namespace {

using otlp::Span;

std::string bytes_of(std::span<const std::uint8_t> id) { return {reinterpret_cast<const char*>(id.data()), id.size()}; }

/// A span that ends now.
Span span_of(const TraceContext& context, Span::Kind kind, std::string name, Clock::duration took) {
  Span span;
  span.set_trace_id(bytes_of(context.trace_id()));
  span.set_span_id(bytes_of(context.span_id()));
  if (context.parent_span_id() != TraceContext::SpanId{}) span.set_parent_span_id(bytes_of(context.parent_span_id()));
  span.set_trace_state(context.tracestate());
  span.set_flags(1);
  span.set_name(std::move(name));
  span.set_kind(kind);
  const std::chrono::nanoseconds end = std::chrono::system_clock::now().time_since_epoch();
  span.set_start_time_unix_nano(static_cast<std::uint64_t>((end - took).count()));
  span.set_end_time_unix_nano(static_cast<std::uint64_t>(end.count()));
  return span;
}

void add_attribute(Span& span, std::string_view key, std::string_view value) {
  otlp::KeyValue& attribute = *span.add_attributes();
  attribute.set_key(std::string{key});
  attribute.mutable_value()->set_string_value(std::string{value});
}
void add_attribute(Span& span, std::string_view key, std::int64_t value) {
  otlp::KeyValue& attribute = *span.add_attributes();
  attribute.set_key(std::string{key});
  attribute.mutable_value()->set_int_value(value);
}

void set_failed(Span& span, std::string_view error_type, std::string_view message) {
  span.mutable_status()->set_code(otlp::SpanStatus::CODE_ERROR);
  span.mutable_status()->set_message(std::string{message});
  add_attribute(span, "error.type", error_type);
}

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

void describe_call(Span& span, const Status& status) {
  add_attribute(span, "rpc.system.name", "grpc");
  add_attribute(span, "rpc.method", span.name());
  add_attribute(span, "rpc.response.status_code", name_of(status.code()));
}

}  // namespace

class Tracer::Core {
 public:
  explicit Core(const TracerOptions& options) : sampled_(options.sampled) {
    if (!options.collector.empty()) exporter_.emplace(options);
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
  std::optional<SpanExporter>& exporter() noexcept { return exporter_; }

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
  std::optional<SpanExporter> exporter_;
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
  Span span = span_of(*trace, Span::KIND_SERVER, std::string{method_name(call.context.method())}, call.took);
  describe_call(span, call.status);
  add_attribute(span, "network.peer.address", call.context.peer());
  if (is_servers_fault(call.status.code())) set_failed(span, name_of(call.status.code()), call.status.details());
  core_->exporter()->add(std::move(span));
}

void Tracer::on_call_begun(ClientCall& call) { call.set_trace(core_->begin(call.trace())); }

void Tracer::on_call_ended(const EndedClientCall& call) {
  const TraceContext* trace = call.call.trace();
  if (!core_->records(trace)) return;
  Span span = span_of(*trace, Span::KIND_CLIENT, std::string{method_name(call.call.method())}, call.took);
  describe_call(span, call.status);
  add_attribute(span, "server.address", call.call.target());
  if (!call.status.ok()) set_failed(span, name_of(call.status.code()), call.status.details());
  core_->exporter()->add(std::move(span));
}

void Tracer::on_request_begun(rest::Request& request) { request.trace = core_->begin_from(request.fields); }

void Tracer::on_request_ended(const rest::EndedRequest& ended) {
  const rest::Request& request = ended.request;
  if (!core_->records(request.trace.get())) return;
  std::string name = request.method;
  if (!request.route.empty()) name.append(" ").append(request.route);
  Span span = span_of(*request.trace, Span::KIND_SERVER, std::move(name), ended.took);
  add_attribute(span, "http.request.method", request.method);
  add_attribute(span, "url.path", request.path());
  if (!request.route.empty()) add_attribute(span, "http.route", request.route);
  add_attribute(span, "network.peer.address", request.peer);
  if (ended.status == 0) {
    set_failed(span, "cancelled", "the client left");
  } else {
    add_attribute(span, "http.response.status_code", std::int64_t{ended.status});
    if (ended.status >= 500) set_failed(span, std::to_string(ended.status), {});
  }
  core_->exporter()->add(std::move(span));
}

}  // namespace tern::telemetry
