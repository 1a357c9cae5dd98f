#include "report/latency_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "report/chart.h"
#include "report/units.h"

namespace tern::tool {

std::string draw_percentiles(const Histogram& histogram) {
  // Each step to the right is a tenth of the calls that are left: 0, 90, 99, 99.9 %.
  const auto percent_at = [](double x) { return 100 - 100 * std::pow(10, -x); };
  LineChart chart{
      .x = {.title = "percentile",
            .label = [percent_at](double x) { return fmt::format("{:.6g} %", percent_at(x)); },
            .ticks = {0, 1, 2, 3, 4, 5, 6}},
      .y = {.title = "latency",
            .label = [](double value) { return show_duration(std::chrono::nanoseconds{std::llround(value)}); }},
      .points = {}};
  constexpr int kPoints = 200;
  const double last = std::log10(static_cast<double>(std::max<std::uint64_t>(histogram.count(), 10)));
  for (int point = 0; point <= kPoints; ++point) {
    const double x = last * point / kPoints;
    chart.points.push_back({x, static_cast<double>(histogram.percentile(percent_at(x)).count())});
  }
  return draw(chart);
}

std::string draw_distribution(const Histogram& histogram) {
  constexpr std::size_t kColumns = 60;
  const std::vector<Histogram::Bucket> buckets = histogram.logarithmic_buckets(kColumns);
  ColumnChart chart{.x = {.title = "latency",
                          .label =
                              [&buckets](double place) {
                                const auto index = static_cast<std::size_t>(place);
                                return show_duration(index < buckets.size() ? buckets[index].from : buckets.back().to);
                              }},
                    .y = {.title = "calls"},
                    .values = {}};
  if (!buckets.empty()) chart.x.ticks = {0, kColumns / 4.0, kColumns / 2.0, kColumns * 3 / 4.0, kColumns};
  for (const Histogram::Bucket& bucket : buckets) chart.values.push_back(static_cast<double>(bucket.count));
  return draw(chart);
}

}  // namespace tern::tool
