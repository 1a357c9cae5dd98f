#include "load/load_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>

#include "report/chart.h"
#include "report/html_page.h"
#include "report/latency_chart.h"
#include "report/units.h"

namespace tern::tool {

namespace {

constexpr std::array kPercents = {50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99};

std::string describe(const Load& load) {
  std::string out =
      fmt::format("{} connection{}, {} call{} at once", show_count(load.connections), load.connections == 1 ? "" : "s",
                  show_count(load.concurrency), load.concurrency == 1 ? "" : "s");
  if (load.threads > 1) out += fmt::format(", {} threads", load.threads);
  if (load.rate) {
    out += fmt::format("; {:g} calls/s are begun on time, latencies counted from then", *load.rate);
  } else {
    out += "; each call begins when the one before it ends";
  }
  if (load.client_streams) out += fmt::format("; {} messages a call", show_count(load.messages));
  if (load.ping_pong) out += ", each sent when the one before was answered";
  return out;
}

boost::json::object percentiles(const Histogram& histogram) {
  boost::json::object out{{"count", histogram.count()},
                          {"min", histogram.min().count()},
                          {"mean", histogram.mean().count()},
                          {"max", histogram.max().count()}};
  for (const double percent : kPercents) out[fmt::format("p{:g}", percent)] = histogram.percentile(percent).count();
  return out;
}

std::string latency_lines(const Histogram& histogram) {
  std::string out = fmt::format("min {}, mean {}, max {}\n ", show_duration(histogram.min()),
                                show_duration(histogram.mean()), show_duration(histogram.max()));
  for (const double percent : kPercents) {
    fmt::format_to(std::back_inserter(out), "  p{:g} {}", percent, show_duration(histogram.percentile(percent)));
  }
  return out + "\n";
}

}  // namespace

std::string as_text(const Load& load, const LoadResult& result) {
  std::string out = fmt::format("{} on {}\n{}\n\n", load.method.substr(1), load.target, describe(load));
  const auto line = std::back_inserter(out);
  fmt::format_to(line, "calls     {} in {:.2f} s: {} a second\n", show_count(result.latency.count()), result.seconds(),
                 show_count(static_cast<std::uint64_t>(std::llround(result.calls_per_second()))));
  if (result.elapsed.count() > 0) {
    fmt::format_to(
        line, "received  {} messages: {} a second, {}/s\n", show_count(result.messages_received),
        show_count(static_cast<std::uint64_t>(static_cast<double>(result.messages_received) / result.seconds())),
        show_bytes(static_cast<double>(result.bytes_received) / result.seconds()));
  }
  fmt::format_to(line, "latency   {}", latency_lines(result.latency));
  if (load.ping_pong) fmt::format_to(line, "answers   {}", latency_lines(result.round_trips));
  out += "statuses ";
  for (const auto& [code, count] : result.statuses) {
    fmt::format_to(line, " {} {}", name_of(code), show_count(count.calls));
  }
  out += "\n";
  for (const auto& [code, count] : result.statuses) {
    if (code != StatusCode::kOk) fmt::format_to(line, "  the first {}: {}\n", name_of(code), count.details);
  }
  return out;
}

std::string as_json(const Load& load, const LoadResult& result) {
  boost::json::object statuses;
  for (const auto& [code, count] : result.statuses) statuses[name_of(code)] = count.calls;
  boost::json::object out{{"target", load.target},
                          {"method", load.method.substr(1)},
                          {"connections", load.connections},
                          {"concurrency", load.concurrency},
                          {"threads", load.threads},
                          {"seconds", result.seconds()},
                          {"calls_per_second", result.calls_per_second()},
                          {"messages_received", result.messages_received},
                          {"bytes_received", result.bytes_received},
                          {"statuses", std::move(statuses)},
                          {"latency_ns", percentiles(result.latency)},
                          {"by_second", boost::json::value_from(result.by_second)}};
  if (load.rate) out["rate"] = *load.rate;
  if (load.ping_pong) out["round_trip_ns"] = percentiles(result.round_trips);
  return boost::json::serialize(out) + "\n";
}

std::string as_html(const Load& load, const LoadResult& result) {
  HtmlPage page{fmt::format("{} on {}", load.method.substr(1), load.target)};
  page.paragraph(describe(load) + ".");
  std::vector<std::vector<std::string>> rows{
      {"", ""},
      {"calls", show_count(result.latency.count())},
      {"time", fmt::format("{:.2f} s", result.seconds())},
      {"calls a second", show_count(static_cast<std::uint64_t>(std::llround(result.calls_per_second())))},
      {"messages received", show_count(result.messages_received)},
      {"bytes received", show_bytes(static_cast<double>(result.bytes_received))}};
  for (const auto& [code, count] : result.statuses) {
    std::string ended = show_count(count.calls);
    if (code != StatusCode::kOk && !count.details.empty()) ended += ", the first: " + count.details;
    rows.push_back({"ended " + std::string{name_of(code)}, std::move(ended)});
  }
  page.table(rows);

  const Histogram& shown = load.ping_pong ? result.round_trips : result.latency;
  page.heading(load.ping_pong ? "Latency of each message and its answer" : "Latency of calls");
  std::vector<std::vector<std::string>> percents{{"percentile", "latency"}};
  for (const double percent : kPercents) {
    percents.push_back({fmt::format("{:g} %", percent), show_duration(shown.percentile(percent))});
  }
  percents.push_back({"100 %", show_duration(shown.max())});
  page.table(percents);
  page.figure(draw_percentiles(shown),
              "How long the slowest calls took: each step to the right leaves a tenth of them.");
  page.figure(draw_distribution(shown), "How many calls took how long; the scale of the latency is logarithmic.");

  page.heading("Calls over time");
  ColumnChart over_time{.x = {.title = "second"}, .y = {.title = "calls ended"}, .values = {}};
  for (const std::uint64_t calls : result.by_second) over_time.values.push_back(static_cast<double>(calls));
  const std::size_t step = std::max<std::size_t>(over_time.values.size() / 10, 1);
  for (std::size_t tick = 0; tick <= over_time.values.size(); tick += step) {
    over_time.x.ticks.push_back(static_cast<double>(tick));
  }
  page.figure(draw(over_time), "Calls that ended in each second; the last one is not a whole second.");
  return page.html();
}

}  // namespace tern::tool
