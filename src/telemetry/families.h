// Short forms for what prometheus-cpp's serialiser takes.
#pragma once

#include <prometheus/metric_family.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/histogram.h"

namespace tern::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

inline prometheus::MetricFamily make_family(std::string name, std::string help, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}
inline prometheus::MetricFamily make_counter(std::string name, std::string help) {
  return make_family(std::move(name), std::move(help), prometheus::MetricType::Counter);
}
inline prometheus::MetricFamily make_gauge(std::string name, std::string help) {
  return make_family(std::move(name), std::move(help), prometheus::MetricType::Gauge);
}
inline prometheus::MetricFamily make_histogram(std::string name, std::string help) {
  return make_family(std::move(name), std::move(help), prometheus::MetricType::Histogram);
}

inline prometheus::ClientMetric& add_metric(prometheus::MetricFamily& family, const Labels& labels) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}
/// One more figure of a counter or a gauge.
inline void add_value(prometheus::MetricFamily& family, double value, const Labels& labels = {}) {
  prometheus::ClientMetric& metric = add_metric(family, labels);
  (family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}
/// `unit`: how much of the family's unit one of `buckets`' is.
inline void add_buckets(prometheus::MetricFamily& family, const Buckets& buckets, std::span<const std::uint64_t> bounds,
                        double unit, const Labels& labels) {
  prometheus::ClientMetric& metric = add_metric(family, labels);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets.counts.size(); ++i) {
    below += buckets.counts[i];
    // The serialiser adds the last one, which has no bound.
    if (i < bounds.size()) {
      metric.histogram.bucket.push_back(
          {.cumulative_count = below, .upper_bound = static_cast<double>(bounds[i]) * unit});
    }
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = static_cast<double>(buckets.sum) * unit;
}

}  // namespace tern::telemetry
