#include "telemetry/exposition.h"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "rest/weighted_list.h"
#include "tern/rpc/trace_context.h"

// OpenMetrics 1.0.0 differs from Prometheus' text format in few places: a counter's family has no "_total", le and
// quantile are written as floats, a unit may be told, exemplars follow the buckets, and "# EOF" ends the page.
namespace tern::telemetry {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr std::string_view kTotal = "_total";

void make_valid(Family& family) {
  family.help = text::valid_utf8(family.help);
  for (ClientMetric& metric : family.metric) {
    for (ClientMetric::Label& label : metric.label) {
      label.name = prometheus_label(label.name);
      label.value = label_text(label.value);
    }
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '\n') {
      out += "\\n";
      continue;
    }
    if (letter == '\\' || letter == '"') out += '\\';
    out += letter;
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

/// As le and quantile have it: 1 is "1.0".
std::string float_number(double value) {
  std::string text = number(value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

class OpenMetricsWriter {
 public:
  void add(const Family& family) {
    name_ = family.name;
    if (family.type == MetricType::Counter && name_.ends_with(kTotal)) name_.resize(name_.size() - kTotal.size());
    text_ += fmt::format("# TYPE {} {}\n", name_, type_of(family.type));
    for (const std::string_view unit : {std::string_view{"seconds"}, std::string_view{"bytes"}}) {
      if (name_.ends_with(unit) && name_.size() > unit.size() && name_[name_.size() - unit.size() - 1] == '_') {
        text_ += fmt::format("# UNIT {} {}\n", name_, unit);
      }
    }
    text_ += fmt::format("# HELP {} {}\n", name_, escaped(family.help));
    for (std::size_t i = 0; i < family.metric.size(); ++i) {
      static const MetricExemplars kNone;
      add(family.type, family.metric[i], i < family.exemplars.size() ? family.exemplars[i] : kNone);
    }
  }
  std::string finish() {
    text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  static std::string_view type_of(MetricType type) {
    switch (type) {
      case MetricType::Counter:
        return "counter";
      case MetricType::Gauge:
        return "gauge";
      case MetricType::Summary:
        return "summary";
      case MetricType::Histogram:
        return "histogram";
      default:
        return "unknown";
    }
  }

  void add(MetricType type, const ClientMetric& metric, const MetricExemplars& exemplars) {
    switch (type) {
      case MetricType::Counter:
        return sample(kTotal, metric, {}, number(metric.counter.value));
      case MetricType::Gauge:
        return sample({}, metric, {}, number(metric.gauge.value));
      case MetricType::Summary:
        return add_summary(metric);
      case MetricType::Histogram:
        return add_histogram(metric, exemplars);
      default:
        return sample({}, metric, {}, number(metric.untyped.value));
    }
  }

  void add_summary(const ClientMetric& metric) {
    for (const ClientMetric::Quantile& quantile : metric.summary.quantile) {
      sample({}, metric, fmt::format("quantile=\"{}\"", float_number(quantile.quantile)), number(quantile.value));
    }
    sample("_count", metric, {}, std::to_string(metric.summary.sample_count));
    sample("_sum", metric, {}, number(metric.summary.sample_sum));
  }

  void add_histogram(const ClientMetric& metric, const MetricExemplars& exemplars) {
    const ClientMetric::Histogram& histogram = metric.histogram;
    for (std::size_t i = 0; i <= histogram.bucket.size(); ++i) {
      const bool last = i == histogram.bucket.size();
      // A registry of the program's own may have written the last one itself.
      if (last && !histogram.bucket.empty() && std::isinf(histogram.bucket.back().upper_bound)) break;
      const std::string bound = last ? "+Inf" : float_number(histogram.bucket[i].upper_bound);
      const std::uint64_t count = last ? histogram.sample_count : histogram.bucket[i].cumulative_count;
      sample("_bucket", metric, fmt::format("le=\"{}\"", bound), std::to_string(count),
             i < exemplars.buckets.size() ? exemplar(exemplars.buckets[i], exemplars.per_unit) : std::string{});
    }
    sample("_count", metric, {}, std::to_string(histogram.sample_count));
    sample("_sum", metric, {}, number(histogram.sample_sum));
  }

  static std::string exemplar(const Exemplar& exemplar, double per_unit) {
    if (!exemplar.exists()) return {};
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(exemplar.time.time_since_epoch());
    return fmt::format(R"( # {{trace_id="{}",span_id="{}"}} {} {:.3f})", hex_of(exemplar.trace), hex_of(exemplar.span),
                       number(static_cast<double>(exemplar.value) / per_unit),
                       static_cast<double>(since.count()) / 1000);
  }

  void sample(std::string_view suffix, const ClientMetric& metric, std::string_view more, const std::string& value,
              const std::string& exemplar = {}) {
    text_.append(name_).append(suffix);
    std::string labels;
    for (const ClientMetric::Label& label : metric.label) {
      if (!labels.empty()) labels += ',';
      labels.append(label.name).append("=\"").append(escaped(label.value)).append("\"");
    }
    if (!labels.empty() && !more.empty()) labels += ',';
    labels += more;
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(value);
    if (metric.timestamp_ms != 0) text_ += fmt::format(" {:.3f}", static_cast<double>(metric.timestamp_ms) / 1000);
    text_.append(exemplar).append("\n");
  }

  std::string name_;
  std::string text_;
};

}  // namespace

std::string exposition_of(Families families, MetricsFormat format) {
  for (Family& family : families) make_valid(family);
  if (format == MetricsFormat::kOpenMetrics) {
    OpenMetricsWriter writer;
    for (const Family& family : families) writer.add(family);
    return writer.finish();
  }
  std::vector<prometheus::MetricFamily> plain;
  plain.reserve(families.size());
  for (Family& family : families) plain.push_back(static_cast<prometheus::MetricFamily&&>(family));
  return prometheus::TextSerializer{}.Serialize(plain);
}

std::string_view content_type_of(MetricsFormat format) noexcept {
  return format == MetricsFormat::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

MetricsFormat format_for(std::string_view accept) {
  int open_metrics = 0;
  int plain = 0;
  rest::visit_weighted_list(accept, [&](std::string_view type, int weight) {
    if (rest::equals_lower(type, "application/openmetrics-text")) open_metrics = std::max(open_metrics, weight);
    if (rest::equals_lower(type, "text/plain")) plain = std::max(plain, weight);
  });
  return open_metrics > 0 && open_metrics >= plain ? MetricsFormat::kOpenMetrics : MetricsFormat::kText;
}

}  // namespace tern::telemetry
