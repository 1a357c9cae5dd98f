// MetricExporter: sends what Metrics counts to a collector, every minute and at the end (OTLP).
//
//   tern::telemetry::Metrics metrics;
//   tern::telemetry::MetricExporter exporter{metrics, {.collector = "localhost:4317", .service_name = "users"}};
//   …
//   co_await exporter.close();
//
// docs/observability.md lists the metrics.
#pragma once

#include <cstdint>
#include <memory>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/otlp.h"

namespace tern::telemetry {

/// Lives on the loop that it is made on, one of those of its Metrics, which must outlive it. Names, units and
/// attributes are those of OpenTelemetry's conventions and of gRFC A66, temporality is cumulative, and durations have
/// exemplars. A Registry's families are sent under their own names.
class TERN_API MetricExporter {
 public:
  /// Throws std::invalid_argument for a collector that is not a target or URL, and for headers that cannot be sent.
  MetricExporter(const Metrics& metrics, const OtlpOptions& options);
  MetricExporter(const MetricExporter&) = delete;
  MetricExporter& operator=(const MetricExporter&) = delete;
  ~MetricExporter();

  /// Sends all figures a last time. Returns within OtlpOptions::close_timeout, whatever the collector does.
  Task<void> close();

  /// Data points that the collector has accepted. Any thread.
  [[nodiscard]] std::uint64_t sent() const noexcept;
  /// Data points that the collector has not accepted. Any thread.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry
