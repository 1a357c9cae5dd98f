#include "tern/telemetry/metric_exporter.h"

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/metrics_core.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/otlp_sender.h"
#include "telemetry/process_families.h"
#include "tern/async/task_group.h"
#include "text/log.h"

// One job reads all figures and sends them, one export after the other. Figures are cumulative: where one export fails,
// the next has the same and more, so that nothing waits meanwhile.
namespace tern::telemetry {

namespace {

using std::chrono::system_clock;

constexpr std::chrono::seconds kReadEvery{60};

system_clock::time_point process_begun() {
  const std::optional<double> seconds = process_start();
  if (!seconds) return system_clock::now();
  return system_clock::time_point{
      std::chrono::duration_cast<system_clock::duration>(std::chrono::duration<double>{*seconds})};
}

}  // namespace

class MetricExporter::Core {
 public:
  Core(const Metrics::Core& metrics, const OtlpOptions& options)
      : metrics_(metrics),
        sender_(options, kMetrics),
        send_every_(options.send_every.value_or(kReadEvery)),
        process_begun_(process_begun()) {
    sending_.may_be_dropped();
    sending_.spawn(send_until_closed());
  }

  Task<void> close() { co_await sender_.close(finish()); }
  [[nodiscard]] const OtlpSender& sender() const noexcept { return sender_; }

 private:
  Task<void> send_until_closed() {
    mark_as_exporting();
    bool last = false;
    while (!last) {
      co_await sender_.closing().wait(Clock::now() + send_every_);
      // Read once more where close() was called while an export was under way.
      last = sender_.closing().is_set();
      co_await export_all();
    }
  }

  Task<void> export_all() {
    std::string failure;
    try {
      const Families families = co_await metrics_.families();
      const PointTimes times{.begun = metrics_.begun(), .process_begun = process_begun_, .now = system_clock::now()};
      std::vector<ExportItem> items = export_items_of(families, times);
      co_await send_all(std::move(items));
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty()) log_warning("telemetry", "metrics: not read, and so not sent: {}", text::log_text(failure));
  }

  /// In requests that a collector accepts.
  Task<void> send_all(std::vector<ExportItem> items) {
    std::vector<ExportItem> batch;
    std::size_t bytes = 0;
    for (ExportItem& item : items) {
      if (!batch.empty() && bytes + item.bytes.size() > kMostBatchBytes) {
        co_await sender_.send(std::exchange(batch, {}));
        bytes = 0;
      }
      bytes += item.bytes.size();
      batch.push_back(std::move(item));
    }
    if (!batch.empty()) co_await sender_.send(std::move(batch));
  }

  Task<void> finish() { co_await sending_.join(); }

  const Metrics::Core& metrics_;
  OtlpSender sender_;
  std::chrono::nanoseconds send_every_;
  system_clock::time_point process_begun_;
  TaskGroup sending_;  // the last member: it uses the others
};

MetricExporter::MetricExporter(const Metrics& metrics, const OtlpOptions& options) {
  if (!options.collector.empty()) core_ = std::make_unique<Core>(*metrics.core_, options);
}
MetricExporter::~MetricExporter() = default;

Task<void> MetricExporter::close() {
  if (core_ != nullptr) co_await core_->close();
}

std::uint64_t MetricExporter::sent() const noexcept { return core_ != nullptr ? core_->sender().sent() : 0; }
std::uint64_t MetricExporter::dropped() const noexcept { return core_ != nullptr ? core_->sender().dropped() : 0; }

}  // namespace tern::telemetry
