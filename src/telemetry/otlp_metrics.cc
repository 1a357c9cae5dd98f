#include "telemetry/otlp_metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "telemetry/attributes.h"
#include "tern/otlp/metrics.pb.h"

namespace tern::telemetry {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

/// A point has some hundred bytes, and one of a histogram up to 2 KiB.
constexpr std::size_t kMostPoints = 200;

template <class Point>
void set_attributes(Point& point, const ClientMetric& metric) {
  for (const ClientMetric::Label& label : metric.label) {
    std::int64_t number = 0;
    const char* const end = label.value.data() + label.value.size();
    if (is_number(label.name) && std::from_chars(label.value.data(), end, number).ptr == end) {
      add_attribute(point, label.name, number);
    } else {
      add_attribute(point, label.name, label.value);
    }
  }
}

/// Writes one family's points.
class FamilyWriter {
 public:
  FamilyWriter(const Family& family, const PointTimes& times) : family_(family), times_(times) {}

  std::vector<ExportItem> write() && {
    for (std::size_t i = 0; i < family_.metric.size(); ++i) {
      if (!metric_) begin();
      add(i);
      if (++points_ == kMostPoints) finish();
    }
    if (metric_) finish();
    return std::move(items_);
  }

 private:
  void begin() {
    metric_.emplace();
    metric_->set_name(text::valid_utf8(family_.otlp_name, kLongestAttribute));
    metric_->set_description(text::valid_utf8(family_.help, kLongestAttribute));
    metric_->set_unit(family_.unit);
    if (family_.type == MetricType::Histogram) {
      metric_->mutable_histogram()->set_aggregation_temporality(otlp::TEMPORALITY_CUMULATIVE);
    } else if (is_sum()) {
      metric_->mutable_sum()->set_aggregation_temporality(otlp::TEMPORALITY_CUMULATIVE);
      metric_->mutable_sum()->set_is_monotonic(family_.type == MetricType::Counter);
    }
  }
  void finish() {
    items_.push_back({.bytes = metric_->SerializeAsString(), .count = std::exchange(points_, 0)});
    metric_.reset();
  }

  [[nodiscard]] bool is_sum() const noexcept { return family_.type == MetricType::Counter || family_.up_down; }

  void add(std::size_t index) {
    const ClientMetric& metric = family_.metric[index];
    switch (family_.type) {
      case MetricType::Histogram:
        return add_histogram(metric, index);
      case MetricType::Summary:
        return add_summary(metric);
      case MetricType::Counter:
        return add_number(*metric_->mutable_sum()->add_data_points(), metric, metric.counter.value);
      case MetricType::Gauge:
        return add_number(
            is_sum() ? *metric_->mutable_sum()->add_data_points() : *metric_->mutable_gauge()->add_data_points(),
            metric, metric.gauge.value);
      default:
        return add_number(*metric_->mutable_gauge()->add_data_points(), metric, metric.untyped.value);
    }
  }

  template <class Point>
  void begin_point(Point& point, const ClientMetric& metric, bool has_start) const {
    const auto begun = family_.since_process_start ? times_.process_begun : times_.begun;
    if (has_start) point.set_start_time_unix_nano(unix_nanoseconds(std::min(begun, times_.now)));
    point.set_time_unix_nano(unix_nanoseconds(times_.now));
    set_attributes(point, metric);
  }

  void add_number(otlp::NumberPoint& point, const ClientMetric& metric, double value) const {
    begin_point(point, metric, is_sum());
    if (is_counted(family_.unit)) {
      point.set_as_int(static_cast<std::int64_t>(value));
    } else {
      point.set_as_double(value);
    }
  }

  void add_histogram(const ClientMetric& metric, std::size_t index) {
    otlp::HistogramPoint& point = *metric_->mutable_histogram()->add_data_points();
    begin_point(point, metric, true);
    const ClientMetric::Histogram& histogram = metric.histogram;
    point.set_count(histogram.sample_count);
    point.set_sum(histogram.sample_sum);
    std::uint64_t below = 0;
    for (const ClientMetric::Bucket& bucket : histogram.bucket) {
      // A registry of the program's own has the last one, which OTLP leaves out.
      if (std::isinf(bucket.upper_bound)) break;
      point.add_explicit_bounds(bucket.upper_bound);
      point.add_bucket_counts(bucket.cumulative_count - below);
      below = bucket.cumulative_count;
    }
    point.add_bucket_counts(histogram.sample_count - below);
    if (index >= family_.exemplars.size()) return;
    for (const Exemplar& exemplar : family_.exemplars[index].buckets) {
      if (exemplar.exists()) add_exemplar(point, exemplar, family_.exemplars[index].per_unit);
    }
  }

  static void add_exemplar(otlp::HistogramPoint& point, const Exemplar& exemplar, double per_unit) {
    otlp::ExemplarPoint& one = *point.add_exemplars();
    one.set_time_unix_nano(unix_nanoseconds(exemplar.time));
    one.set_as_double(static_cast<double>(exemplar.value) / per_unit);
    one.set_trace_id(bytes_of(exemplar.trace));
    one.set_span_id(bytes_of(exemplar.span));
  }

  void add_summary(const ClientMetric& metric) {
    otlp::SummaryPoint& point = *metric_->mutable_summary()->add_data_points();
    begin_point(point, metric, true);
    point.set_count(metric.summary.sample_count);
    point.set_sum(metric.summary.sample_sum);
    for (const ClientMetric::Quantile& quantile : metric.summary.quantile) {
      otlp::SummaryPoint::Quantile& one = *point.add_quantile_values();
      one.set_quantile(quantile.quantile);
      one.set_value(quantile.value);
    }
  }

  const Family& family_;
  const PointTimes& times_;
  std::optional<otlp::Metric> metric_;
  std::size_t points_ = 0;
  std::vector<ExportItem> items_;
};

}  // namespace

std::vector<ExportItem> export_items_of(const Families& families, const PointTimes& times) {
  std::vector<ExportItem> items;
  for (const Family& family : families) {
    if (family.otlp_name.empty()) continue;
    for (ExportItem& item : FamilyWriter{family, times}.write()) items.push_back(std::move(item));
  }
  return items;
}

}  // namespace tern::telemetry
