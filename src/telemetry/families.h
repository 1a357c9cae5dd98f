// Families of metrics as prometheus-cpp has them, with what OpenMetrics and OTLP have besides, and short forms to make
// them.
#pragma once

#include <prometheus/metric_family.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/histogram.h"
#include "telemetry/metric_names.h"
#include "telemetry/wire_text.h"

namespace tern::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Exemplars of one metric of a family: one for each bucket, the last without a bound.
struct MetricExemplars {
  std::vector<Exemplar> buckets;
  /// How many of the exemplars' units are one of the family's.
  double per_unit = 1;
};

/// Labels have OpenTelemetry's names; exposition_of() writes them as Prometheus does.
struct Family : prometheus::MetricFamily {
  Family() = default;
  /// Of a registry of the program's own.
  explicit Family(prometheus::MetricFamily family)
      : prometheus::MetricFamily(std::move(family)), otlp_name(name), since_process_start(true) {}

  /// Empty: OTLP does not have it.
  std::string otlp_name;
  std::string unit;
  /// A gauge that is a sum of ups and downs, such as calls in flight (OpenTelemetry's UpDownCounter).
  bool up_down = false;
  /// Counted since the process began; otherwise since Metrics was made.
  bool since_process_start = false;
  /// Empty, or one for each metric.
  std::vector<MetricExemplars> exemplars;
};
using Families = std::vector<Family>;

/// `name`: OpenTelemetry's.
inline Family make_family(std::string_view name, std::string_view unit, std::string_view help,
                          prometheus::MetricType type) {
  Family family;
  family.name = prometheus_name(name, unit, type == prometheus::MetricType::Counter);
  family.help = help;
  family.type = type;
  family.otlp_name = name;
  family.unit = unit;
  return family;
}
inline Family make_counter(std::string_view name, std::string_view unit, std::string_view help) {
  return make_family(name, unit, help, prometheus::MetricType::Counter);
}
inline Family make_gauge(std::string_view name, std::string_view unit, std::string_view help) {
  return make_family(name, unit, help, prometheus::MetricType::Gauge);
}
inline Family make_up_down_counter(std::string_view name, std::string_view unit, std::string_view help) {
  Family family = make_gauge(name, unit, help);
  family.up_down = true;
  return family;
}
inline Family make_histogram(std::string_view name, std::string_view unit, std::string_view help) {
  return make_family(name, unit, help, prometheus::MetricType::Histogram);
}

inline prometheus::ClientMetric& add_metric(Family& family, const Labels& labels) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({name, label_text(value)});
  return metric;
}
/// One more figure of a counter or a gauge.
inline void add_value(Family& family, double value, const Labels& labels = {}) {
  prometheus::ClientMetric& metric = add_metric(family, labels);
  (family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}
/// `per_unit`: how many of the units of `buckets` are one of the family's. Divided by, it gives the decimal fraction's
/// own double: 5,000,000 ns are 0.005 s.
inline void add_buckets(Family& family, const Buckets& buckets, std::span<const std::uint64_t> bounds, double per_unit,
                        const Labels& labels) {
  prometheus::ClientMetric& metric = add_metric(family, labels);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    below += i < buckets.counts.size() ? buckets.counts[i] : 0;
    // The serialiser adds the last one, which has no bound.
    if (i < bounds.size()) {
      metric.histogram.bucket.push_back(
          {.cumulative_count = below, .upper_bound = static_cast<double>(bounds[i]) / per_unit});
    }
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = static_cast<double>(buckets.sum) / per_unit;
  family.exemplars.resize(family.metric.size());
  family.exemplars.back() = {.buckets = buckets.exemplars, .per_unit = per_unit};
}

}  // namespace tern::telemetry
