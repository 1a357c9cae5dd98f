#include "telemetry/span.h"

#include <chrono>
#include <utility>

#include "telemetry/attributes.h"

namespace tern::telemetry {

namespace {

// opentelemetry-proto, trace/v1, SpanFlags.
constexpr std::uint32_t kSampledFlag = 0x001;
constexpr std::uint32_t kKnowsIsRemoteFlag = 0x100;
constexpr std::uint32_t kIsRemoteFlag = 0x200;

}  // namespace

SpanBuilder::SpanBuilder(const TraceContext& context, otlp::Span::Kind kind, std::string_view name,
                         Clock::duration took) {
  span_.set_trace_id(bytes_of(context.trace_id()));
  span_.set_span_id(bytes_of(context.span_id()));
  const bool has_parent = context.parent_span_id() != TraceContext::SpanId{};
  if (has_parent) span_.set_parent_span_id(bytes_of(context.parent_span_id()));
  span_.set_trace_state(attribute_text(context.tracestate()));
  const bool remote = has_parent && kind == otlp::Span::KIND_SERVER;
  span_.set_flags(kSampledFlag | kKnowsIsRemoteFlag | (remote ? kIsRemoteFlag : 0U));
  span_.set_name(attribute_text(name));
  span_.set_kind(kind);
  const std::chrono::nanoseconds end = std::chrono::system_clock::now().time_since_epoch();
  span_.set_start_time_unix_nano(static_cast<std::uint64_t>((end - took).count()));
  span_.set_end_time_unix_nano(static_cast<std::uint64_t>(end.count()));
}

void SpanBuilder::add(std::string_view key, std::string_view value) { add_attribute(span_, key, value); }
void SpanBuilder::add(std::string_view key, std::int64_t value) { add_attribute(span_, key, value); }

void SpanBuilder::fail(std::string_view type, std::string_view message) {
  span_.mutable_status()->set_code(otlp::SpanStatus::CODE_ERROR);
  span_.mutable_status()->set_message(attribute_text(message));
  add("error.type", type);
}

void SpanBuilder::add_peer(std::string_view peer) {
  if (peer.empty()) return;
  const PeerAddress parts = peer_address(peer);
  if (!parts.address.empty()) add("network.peer.address", parts.address);
  if (parts.port) add("network.peer.port", std::int64_t{*parts.port});
  if (!parts.transport.empty()) add("network.transport", parts.transport);
  if (!parts.type.empty()) add("network.type", parts.type);
}

void SpanBuilder::add_server(const PeerAddress& server) {
  add("server.address", server.address);
  if (server.port) add("server.port", std::int64_t{*server.port});
}

}  // namespace tern::telemetry
