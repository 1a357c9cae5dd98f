#include "telemetry/span_exporter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "telemetry/wire_text.h"
#include "tern/async/sleep.h"
#include "tern/async/with_timeout.h"
#include "tern/version.h"

// One job takes batches from the queue and sends as many of them at once as are full, up to kMostAtOnce: under load a
// loop answers late, and with one request at a time its spans would come faster than they go. A batch is tried again as
// ExportRetry says; meanwhile further spans wait, as many as may. Every span ends in one of two counts: Batch counts
// its spans as dropped when it goes, however that comes about, unless they were accepted.
namespace tern::telemetry {

namespace {

/// Collectors accept 4 MiB for a request (OTLP specification, "OTLP/gRPC Request"); this leaves room for the resource.
constexpr std::size_t kMostBatchBytes = std::size_t{3} * 1024 * 1024;

/// Requests under way at once (OTLP specification, "OTLP/gRPC Concurrent Requests").
constexpr std::size_t kMostAtOnce = 8;

void add_attribute(otlp::Resource& resource, std::string_view key, std::string_view value) {
  otlp::KeyValue& attribute = *resource.add_attributes();
  attribute.set_key(attribute_text(key));
  attribute.mutable_value()->set_string_value(attribute_text(value));
}

otlp::Resource resource_of(const TracerOptions& options) {
  otlp::Resource resource;
  add_attribute(resource, "service.name", options.service_name);
  add_attribute(resource, "telemetry.sdk.name", "tern");
  add_attribute(resource, "telemetry.sdk.language", "cpp");
  add_attribute(resource, "telemetry.sdk.version", kVersion);
  for (const auto& [key, value] : options.resource) {
    if (key != "service.name") add_attribute(resource, key, value);
  }
  return resource;
}

std::unique_ptr<ExportTransport> transport_of(const TracerOptions& options) {
  return options.protocol == OtlpProtocol::kGrpc ? make_grpc_transport(options) : make_http_transport(options);
}

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<>{0, 1}(random);
}

}  // namespace

class SpanExporter::Batch {
 public:
  Batch(SpanExporter& exporter, std::size_t spans) noexcept : exporter_(exporter), left_(spans), size_(spans) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { exporter_.dropped_.fetch_add(left_, std::memory_order_relaxed); }

  void accepted(std::size_t spans) noexcept {
    left_ -= spans;
    exporter_.sent_.fetch_add(spans, std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  SpanExporter& exporter_;
  std::size_t left_;
  std::size_t size_;
};

SpanExporter::SpanExporter(const TracerOptions& options)
    : home_(Loop::require_current("a Tracer")),
      options_(options),
      resource_(resource_of(options)),
      collector_(transport_of(options)) {
  sending_.spawn(send_until_closed());
}

void SpanExporter::add(otlp::Span span) {
  bool now_enough = false;
  {
    const std::lock_guard lock{mutex_};
    if (closed_ || waiting_.size() >= options_.most_waiting) {
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
  } while (!closing_.is_set());
}

std::size_t SpanExporter::take_waiting(otlp::ExportRequest& request) {
  otlp::ResourceSpans& of_resource = *request.add_resource_spans();
  *of_resource.mutable_resource() = resource_;
  otlp::ScopeSpans& of_scope = *of_resource.add_scope_spans();
  of_scope.mutable_scope()->set_name("tern");
  of_scope.mutable_scope()->set_version(std::string{kVersion});
  std::size_t bytes = 0;
  std::size_t taken = 0;
  const std::lock_guard lock{mutex_};
  while (taken < options_.most_at_once && !waiting_.empty()) {
    bytes += waiting_.front().ByteSizeLong();
    if (taken > 0 && bytes > kMostBatchBytes) break;
    *of_scope.add_spans() = std::move(waiting_.front());
    waiting_.pop_front();
    ++taken;
  }
  return taken;
}

bool SpanExporter::has_waiting(std::size_t spans) {
  const std::lock_guard lock{mutex_};
  return waiting_.size() >= spans;
}

// Spans that do not fill a batch wait for the next time, unless this is the last.
Task<void> SpanExporter::send_waiting() {
  bool more = true;
  while (more) {
    bool accepted = true;
    TaskGroup batches;
    for (std::size_t started = 0; more && started < kMostAtOnce; ++started) {
      otlp::ExportRequest request;
      const std::size_t spans = take_waiting(request);
      if (spans > 0) batches.spawn(send_one(std::move(request), spans, accepted));
      more = has_waiting(closing_.is_set() ? 1 : options_.most_at_once);
    }
    co_await batches.join();
    // At the end, spans that wait are dropped once the collector has not accepted a batch.
    more = closing_.is_set() ? accepted && has_waiting(1) : has_waiting(options_.most_at_once);
  }
}

Task<void> SpanExporter::send_one(otlp::ExportRequest request, std::size_t spans, bool& all_accepted) {
  const bool accepted = co_await send(std::move(request), spans);
  all_accepted = all_accepted && accepted;
}

Task<bool> SpanExporter::send(otlp::ExportRequest request, std::size_t spans) {
  Batch batch{*this, spans};
  const std::string bytes = request.SerializeAsString();
  request.Clear();
  ExportRetry retry{options_.retry_for};
  retry.begin(Clock::now());
  // The collector may have asked for a pause behind another batch.
  if (not_before_ > Clock::now()) co_await sleep_until(not_before_);
  for (bool first = true;; first = false) {
    const bool last = closing_.is_set() && !first;  // one that has failed once is tried once more at the end
    const ExportOutcome outcome = co_await collector_->send(bytes);
    if (outcome.kind == ExportOutcome::Kind::kAccepted) {
      note_accepted(batch, outcome.text);
      co_return true;
    }
    const bool retryable = outcome.kind == ExportOutcome::Kind::kRetryable;
    const auto next = retry.failed(Clock::now(), retryable, outcome.retry_after, chance());
    not_before_ = std::max(not_before_, retry.not_before());
    log_problem(next ? 0 : spans, outcome.text);
    if (!next || (last && !outcome.retry_after)) co_return false;
    // A pause that the collector has asked for is kept at the end too.
    if (outcome.retry_after) {
      co_await sleep_until(*next);
    } else {
      co_await closing_.wait(*next);
    }
  }
}

void SpanExporter::note_accepted(Batch& batch, const std::string& bytes) {
  otlp::ExportResponse response;
  static_cast<void>(response.ParseFromString(bytes));
  const otlp::PartialSuccess& partial = response.partial_success();
  const auto size = static_cast<std::int64_t>(batch.size());
  const auto rejected = static_cast<std::size_t>(std::clamp<std::int64_t>(partial.rejected_spans(), 0, size));
  batch.accepted(batch.size() - rejected);
  if (rejected > 0 || !partial.error_message().empty()) {
    log_problem(rejected, partial.error_message());
  } else {
    logged_ = Logged::kNothing;
  }
}

void SpanExporter::log_problem(std::size_t lost, const std::string& problem) {
  const Logged now = lost > 0 ? Logged::kLoss : Logged::kProblem;
  if (logged_ >= now) return;
  logged_ = now;
  if (lost > 0) {
    spdlog::warn("traces: {} spans are lost, the collector at {} did not accept them: {}; logged once until it does",
                 lost, options_.collector, text::log_text(problem));
  } else {
    spdlog::warn("traces: the collector at {} says: {}; logged once until it accepts spans", options_.collector,
                 text::log_text(problem));
  }
}

Task<void> SpanExporter::finish() { co_await sending_.join(); }

void SpanExporter::drop_waiting() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  dropped_.fetch_add(waiting_.size(), std::memory_order_relaxed);
  waiting_.clear();
}

Task<void> SpanExporter::close() {
  if (closing_.is_set()) {
    co_await finished_.wait();
    co_return;
  }
  closing_.set();
  enough_->set();
  try {
    co_await with_timeout(options_.close_timeout, finish());
  } catch (const TimedOut&) {
    spdlog::warn("traces: the collector at {} did not answer before close() ended (TracerOptions::close_timeout)",
                 options_.collector);
  }
  drop_waiting();
  co_await collector_->close();
  finished_.set();
}

}  // namespace tern::telemetry
