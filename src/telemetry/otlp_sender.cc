#include "telemetry/otlp_sender.h"

#include <algorithm>
#include <random>
#include <utility>

#include "telemetry/attributes.h"
#include "telemetry/export_retry.h"
#include "tern/async/sleep.h"
#include "tern/async/with_timeout.h"
#include "tern/version.h"
#include "text/log.h"

// The requests of the three signals have the same fields by number, and a message within a message travels as its bytes
// do. So a batch is built of items that are serialised already, and nothing here knows which signal it sends. Every
// item ends in one of two counts: Batch counts its items as dropped when it goes, however that comes about, unless they
// were accepted.
namespace tern::telemetry {

namespace {

/// The name of exporters, which their jobs hand down.
constexpr const char* kExporting = "OTLP export";

otlp::Resource resource_of(const OtlpOptions& options) {
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

std::unique_ptr<ExportTransport> transport_of(const OtlpOptions& options, const Signal& signal) {
  return options.protocol == OtlpProtocol::kGrpc ? make_grpc_transport(options, signal)
                                                 : make_http_transport(options, signal);
}

std::string request_of(const otlp::Resource& resource, std::vector<ExportItem> items) {
  otlp::ExportRequest request;
  otlp::ResourceItems& of_resource = *request.add_resource_items();
  *of_resource.mutable_resource() = resource;
  otlp::ScopeItems& of_scope = *of_resource.add_scope_items();
  of_scope.mutable_scope()->set_name("tern");
  of_scope.mutable_scope()->set_version(std::string{kVersion});
  for (ExportItem& item : items) of_scope.add_items(std::move(item.bytes));
  return request.SerializeAsString();
}

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<>{0, 1}(random);
}

}  // namespace

void mark_as_exporting() noexcept {
  if (Job* job = Job::current(); job != nullptr) job->inherited.name = kExporting;
}

bool is_exporting() noexcept {
  const Job* job = Job::current();
  return job != nullptr && job->inherited.name == kExporting;
}

class OtlpSender::Batch {
 public:
  Batch(OtlpSender& sender, const std::vector<ExportItem>& items) noexcept : sender_(sender) {
    for (const ExportItem& item : items) size_ += item.count;
    left_ = size_;
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { sender_.count_dropped(left_); }

  void accepted(std::size_t items) noexcept {
    left_ -= items;
    sender_.sent_.fetch_add(items, std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  OtlpSender& sender_;
  std::size_t size_ = 0;
  std::size_t left_ = 0;
};

OtlpSender::OtlpSender(const OtlpOptions& options, const Signal& signal)
    : home_(Loop::require_current("an exporter of OTLP")),
      signal_(signal),
      options_(options),
      resource_(resource_of(options)),
      collector_(transport_of(options, signal)) {}

Task<bool> OtlpSender::send(std::vector<ExportItem> items) {
  Batch batch{*this, items};
  const std::string bytes = request_of(resource_, std::move(items));
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
    const bool over = !next || (last && !outcome.retry_after);
    log_problem(over ? batch.size() : 0, outcome.text);
    if (over) co_return false;
    // A pause that the collector has asked for is kept at the end too.
    if (outcome.retry_after) {
      co_await sleep_until(*next);
    } else {
      co_await closing_.wait(next);
    }
  }
}

void OtlpSender::note_accepted(Batch& batch, const std::string& bytes) {
  otlp::ExportResponse response;
  static_cast<void>(response.ParseFromString(bytes));
  const otlp::PartialSuccess& partial = response.partial_success();
  const auto size = static_cast<std::int64_t>(batch.size());
  const auto rejected = static_cast<std::size_t>(std::clamp<std::int64_t>(partial.rejected(), 0, size));
  batch.accepted(batch.size() - rejected);
  if (rejected > 0 || !partial.error_message().empty()) {
    log_problem(rejected, partial.error_message());
  } else {
    logged_ = Logged::kNothing;
  }
}

void OtlpSender::log_problem(std::size_t lost, const std::string& problem) {
  const Logged now = lost > 0 ? Logged::kLoss : Logged::kProblem;
  if (logged_ >= now) return;
  logged_ = now;
  const std::string why = problem.empty() ? "it gives no reason" : text::log_text(problem);
  if (lost > 0) {
    log_warning("telemetry",
                "{}: {} {} are lost, the collector at {} did not accept them: {}; logged once until it does",
                signal_.name, lost, signal_.items, options_.collector, why);
  } else {
    log_warning("telemetry", "{}: the collector at {} says: {}; logged once until it accepts {}", signal_.name,
                options_.collector, why, signal_.items);
  }
}

Task<void> OtlpSender::close(Task<void> last) {
  if (closing_.is_set()) {
    co_await finished_.wait();
    co_return;
  }
  closing_.set();
  try {
    co_await with_timeout(options_.close_timeout, std::move(last));
  } catch (const TimedOut&) {
    log_warning("telemetry", "{}: the collector at {} did not answer before close() ended (OtlpOptions::close_timeout)",
                signal_.name, options_.collector);
  }
  co_await collector_->close();
  finished_.set();
}

}  // namespace tern::telemetry
