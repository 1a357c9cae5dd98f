#include "telemetry/span_exporter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "tern/client/generic_stub.h"
#include "tern/version.h"

namespace tern::telemetry {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// For one batch, attempts and all; and at the end, when somebody waits for it.
constexpr std::chrono::seconds kSendTimeout{10};
constexpr std::chrono::seconds kLastSendTimeout{2};

// The codes are those that OTLP calls retryable (OTLP specification, "Failures").
constexpr std::string_view kServiceConfig = R"({"methodConfig": [{"name": [{}], "retryPolicy": {
  "maxAttempts": 5, "initialBackoff": "0.5s", "maxBackoff": "5s", "backoffMultiplier": 2,
  "retryableStatusCodes": ["CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"]}}]})";

void add_attribute(otlp::Resource& resource, std::string key, std::string value) {
  otlp::KeyValue& attribute = *resource.add_attributes();
  attribute.set_key(std::move(key));
  attribute.mutable_value()->set_string_value(std::move(value));
}

}  // namespace

SpanExporter::SpanExporter(const TracerOptions& options)
    : home_(Loop::require_current("a Tracer")),
      options_(options),
      collector_(options.collector, {.tls = options.tls, .service_config = kServiceConfig}) {
  sending_.spawn(send_until_closed());
}

void SpanExporter::add(otlp::Span span) {
  bool now_enough = false;
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() >= options_.most_waiting) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    waiting_.push_back(std::move(span));
    now_enough = waiting_.size() == options_.most_at_once;
  }
  if (!now_enough) return;
  if (Loop::current() == &home_) {
    enough_->set();
  } else {
    home_.post([enough = enough_] { enough->set(); });
  }
}

Task<void> SpanExporter::send_until_closed() {
  do {
    co_await enough_->wait(Clock::now() + options_.send_every);
    enough_->clear();
    co_await send_waiting();
  } while (!closing_);
}

std::vector<otlp::Span> SpanExporter::take_waiting() {
  const std::lock_guard lock{mutex_};
  const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), options_.most_at_once));
  std::vector<otlp::Span> spans{std::make_move_iterator(waiting_.begin()),
                                std::make_move_iterator(waiting_.begin() + size)};
  waiting_.erase(waiting_.begin(), waiting_.begin() + size);
  return spans;
}

// What is left of a batch waits for the next one, unless it is the last.
Task<void> SpanExporter::send_waiting() {
  bool whole = true;
  while (whole || closing_) {
    std::vector<otlp::Span> spans = take_waiting();
    if (spans.empty()) co_return;
    const bool taken = co_await send(std::move(spans));
    const std::lock_guard lock{mutex_};
    if (closing_ && !taken) {
      dropped_.fetch_add(waiting_.size(), std::memory_order_relaxed);
      waiting_.clear();
    }
    whole = waiting_.size() >= options_.most_at_once;
  }
}

Task<bool> SpanExporter::send(std::vector<otlp::Span> spans) {
  const std::size_t size = spans.size();
  otlp::ExportRequest request;
  otlp::ResourceSpans& of_resource = *request.add_resource_spans();
  add_attribute(*of_resource.mutable_resource(), "service.name", options_.service_name);
  add_attribute(*of_resource.mutable_resource(), "telemetry.sdk.name", "tern");
  add_attribute(*of_resource.mutable_resource(), "telemetry.sdk.language", "cpp");
  add_attribute(*of_resource.mutable_resource(), "telemetry.sdk.version", std::string{kVersion});
  otlp::ScopeSpans& of_scope = *of_resource.add_scope_spans();
  of_scope.mutable_scope()->set_name("tern");
  of_scope.mutable_scope()->set_version(std::string{kVersion});
  for (otlp::Span& span : spans) *of_scope.add_spans() = std::move(span);

  const RawMessage raw{request.SerializeAsString()};
  const CallOptions options{.timeout = closing_ ? kLastSendTimeout : kSendTimeout};
  Result<RawMessage> reply = co_await GenericStub{collector_}.unary(kExport, raw, options).result();
  std::string problem;
  std::size_t refused = size;
  if (!reply.ok()) {
    problem = reply.status().details();
  } else {
    otlp::ExportResponse response;
    static_cast<void>(response.ParseFromString(reply->bytes));
    refused = static_cast<std::size_t>(
        std::clamp<std::int64_t>(response.partial_success().rejected_spans(), 0, static_cast<std::int64_t>(size)));
    problem = response.partial_success().error_message();
  }
  sent_.fetch_add(size - refused, std::memory_order_relaxed);
  dropped_.fetch_add(refused, std::memory_order_relaxed);
  if (!problem.empty() && !std::exchange(told_, true)) {
    spdlog::warn("the collector of traces at {} did not take {} of {} spans: {}; told once, until it takes some",
                 options_.collector, refused, size, problem);
  }
  if (problem.empty()) told_ = false;
  co_return reply.ok();
}

Task<void> SpanExporter::close() {
  closing_ = true;
  enough_->set();
  co_await sending_.join();
  co_await collector_.close();
}

}  // namespace tern::telemetry
