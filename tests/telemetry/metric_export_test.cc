// Metrics by OTLP: the same figures as on Prometheus' page, by OpenTelemetry's names, until the end of the program.
#include "tern/telemetry/metric_exporter.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "telemetry/collector.h"
#include "telemetry/metric_names.h"
#include "tern/rest/client.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/tracer.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using test::asks_for;
using test::attribute_of;
using test::Collector;
using test::Order;
using test::ProbeService;
using test::ProbeStub;
using test::with_collector;

constexpr const char* kUnaryMethod = "tern.test.v1.Probe/Unary";

/// A server and a channel that `metrics` observes, which had one call, one request and one failed call.
Task<void> make_figures(Metrics& metrics, Tracer* tracer = nullptr) {
  ProbeService service;
  Server server;
  server.add_service(service);
  if (tracer != nullptr) server.add_observer(*tracer);
  server.add_observer(metrics);
  rest::Site site;
  site.add_observer(metrics);
  site.route("GET", "/here", [](rest::Request& /*request*/) -> Task<rest::Response> {
    co_return rest::Response{200, "text/plain", "here"};
  });
  const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
  Channel channel{"127.0.0.1:" + std::to_string(port)};
  channel.add_observer(metrics);
  co_await ProbeStub{channel}.Unary(Order{});
  rest::Client http;
  http.add_observer(metrics);
  const rest::ClientResponse here = co_await http.get("http://127.0.0.1:" + std::to_string(port) + "/here");
  EXPECT_EQ(here.status, 200);
  co_await channel.close();
  co_await server.stop();
}

/// A data point of any kind of metric: the fields that all kinds have.
struct Point {
  std::uint64_t start = 0;
  std::uint64_t time = 0;
  double value = 0;  // of a histogram: its count
  std::map<std::string, std::string> attributes = {};
};

template <class Message>
Point point_of(const Message& message, double value) {
  Point point{.start = message.start_time_unix_nano(), .time = message.time_unix_nano(), .value = value};
  for (const otlp::KeyValue& one : message.attributes()) {
    const otlp::AnyValue& its_value = one.value();
    point.attributes[one.key()] =
        its_value.has_int_value() ? "int " + std::to_string(its_value.int_value()) : its_value.string_value();
  }
  return point;
}
double number_of_point(const otlp::NumberPoint& point) {
  return point.has_as_int() ? static_cast<double>(point.as_int()) : point.as_double();
}

std::vector<Point> points_of(const otlp::Metric& metric) {
  std::vector<Point> points;
  for (const auto& point : metric.sum().data_points()) points.push_back(point_of(point, number_of_point(point)));
  for (const auto& point : metric.gauge().data_points()) points.push_back(point_of(point, number_of_point(point)));
  for (const auto& point : metric.histogram().data_points()) {
    points.push_back(point_of(point, static_cast<double>(point.count())));
  }
  for (const auto& point : metric.summary().data_points()) {
    points.push_back(point_of(point, static_cast<double>(point.count())));
  }
  return points;
}

std::string kind_of(const otlp::Metric& metric) {
  if (metric.has_histogram()) return "histogram";
  if (metric.has_gauge()) return "gauge";
  if (metric.has_summary()) return "summary";
  if (!metric.has_sum()) return "nothing";
  return metric.sum().is_monotonic() ? "counter" : "up-down counter";
}

/// Exports once, at the end, after `make_figures`.
void export_once(Collector& collector, bool traced = false) {
  with_collector(collector, [traced](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Metrics metrics;
    std::optional<Tracer> tracer;
    if (traced) tracer.emplace(TracerOptions{.collector = target, .send_every = 1h});
    MetricExporter exporter{metrics, {.collector = target, .service_name = "users", .send_every = 1h}};
    co_await make_figures(metrics, traced ? &*tracer : nullptr);
    co_await exporter.close();
    EXPECT_GT(exporter.sent(), 50);
    EXPECT_EQ(exporter.dropped(), 0);
    if (traced) co_await tracer->close();
  });
}

// OpenTelemetry's conventions for RPC and HTTP, and gRFC A66.
TEST(MetricExport, SendsNamesKindsUnitsAndAttributesOfTheConventions) {
  struct Case {
    std::string name;
    std::string kind;
    std::string unit;
    std::set<std::string> attributes;
  };
  const std::set<std::string> of_call{"rpc.system.name", "rpc.method"};
  const std::set<std::string> of_server_status{"rpc.system.name", "rpc.method", "rpc.response.status_code"};
  const std::set<std::string> of_channel{"rpc.system.name", "rpc.method", "server.address", "server.port"};
  const std::set<std::string> of_request{"http.request.method", "url.scheme", "http.response.status_code",
                                         "http.route"};
  const std::set<std::string> of_attempt{"grpc.method", "grpc.target", "grpc.status"};
  const std::vector<Case> cases{
      {"rpc.server.call.duration", "histogram", "s", of_server_status},
      {"rpc.server.request.size", "histogram", "By", of_call},
      {"rpc.server.active_calls", "up-down counter", "{call}", of_call},
      {"rpc.client.request.size", "histogram", "By", of_channel},
      {"grpc.server.call.started", "counter", "{call}", {"grpc.method"}},
      {"grpc.server.call.duration", "histogram", "s", {"grpc.method", "grpc.status"}},
      {"grpc.server.call.sent_total_compressed_message_size", "histogram", "By", {"grpc.method", "grpc.status"}},
      {"grpc.server.call.rcvd_total_compressed_message_size", "histogram", "By", {"grpc.method", "grpc.status"}},
      {"grpc.client.attempt.started", "counter", "{attempt}", {"grpc.method", "grpc.target"}},
      {"grpc.client.attempt.duration", "histogram", "s", of_attempt},
      {"grpc.client.call.duration", "histogram", "s", of_attempt},
      {"http.server.request.duration", "histogram", "s", of_request},
      {"http.server.response.body.size", "histogram", "By", of_request},
      {"http.server.active_requests", "up-down counter", "{request}", {"http.request.method", "url.scheme"}},
      {"http.client.request.duration",
       "histogram",
       "s",
       {"http.request.method", "server.address", "server.port", "http.response.status_code"}},
      {"tern.server.refused", "counter", "{refusal}", {"reason"}},
      {"tern.loop.lag", "gauge", "s", {"loop"}},
      {"tern.loop.received", "counter", "By", {"loop"}},
      {"tern.loop.connections", "up-down counter", "{connection}", {"loop"}},
      {"process.cpu.time", "counter", "s", {}},
      {"process.memory.usage", "up-down counter", "By", {}},
      {"process.unix.file_descriptor.count", "up-down counter", "{file_descriptor}", {}},
  };
  Collector collector;
  export_once(collector);
  EXPECT_EQ(collector.resource["service.name"], "users");
  for (const Case& one : cases) {
    const otlp::Metric& metric = collector.metric(one.name);
    EXPECT_EQ(kind_of(metric), one.kind) << one.name;
    EXPECT_EQ(metric.unit(), one.unit) << one.name;
    EXPECT_FALSE(metric.description().empty()) << one.name;
    const std::vector<Point> points = points_of(metric);
    ASSERT_FALSE(points.empty()) << one.name;
    std::set<std::string> attributes;
    for (const auto& [key, value] : points.front().attributes) attributes.insert(key);
    EXPECT_EQ(attributes, one.attributes) << one.name;
  }
  for (const Point& point : points_of(collector.metric("http.server.request.duration"))) {
    EXPECT_EQ(point.attributes.at("http.response.status_code"), "int 200");
  }
}

/// "# TYPE name kind" of a page.
std::set<std::string> names_on(const std::string& page) {
  std::set<std::string> names;
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kType = "# TYPE ";
    if (line.starts_with(kType)) names.insert(line.substr(kType.size(), line.rfind(' ') - kType.size()));
  }
  return names;
}

TEST(MetricExport, SendsTheFamiliesOfThePageOfPrometheus) {
  Collector collector;
  std::set<std::string> page;
  with_collector(collector, [&page](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Metrics metrics;
    MetricExporter exporter{metrics, {.collector = target, .send_every = 1h}};
    co_await make_figures(metrics);
    const std::string text = co_await metrics.text();
    page = names_on(text);
    co_await exporter.close();
  });
  // Those of the process have other names there.
  std::erase_if(page, [](const std::string& name) { return name.starts_with("process_"); });
  std::set<std::string> sent;
  for (const otlp::Metric& metric : collector.metrics) {
    if (metric.name().starts_with("process.")) continue;
    sent.insert(prometheus_name(metric.name(), metric.unit(), kind_of(metric) == "counter"));
  }
  // A family without figures is on the page and is not sent.
  for (const std::string& name : sent) EXPECT_TRUE(page.contains(name)) << name;
  for (const std::string& name : page) EXPECT_TRUE(sent.contains(name)) << name;
}

TEST(MetricExport, IsCumulativeFromOneStartOn) {
  Collector collector;
  with_collector(collector, [](Collector& its_collector, const std::string& target) -> Task<void> {
    const auto before = std::chrono::system_clock::now();
    Metrics metrics;
    MetricExporter exporter{metrics, {.collector = target, .send_every = 1ms}};
    co_await make_figures(metrics);
    // One that began before may still be under way.
    co_await its_collector.accepted(its_collector.batches + 2);
    const std::vector<Point> first = points_of(its_collector.metric("grpc.server.call.started"));
    co_await make_figures(metrics);
    co_await exporter.close();
    const std::vector<Point> second = points_of(its_collector.metric("grpc.server.call.started"));
    EXPECT_EQ(first.size(), second.size());
    double calls = 0;
    for (std::size_t i = 0; i < first.size() && i < second.size(); ++i) {
      EXPECT_EQ(first[i].start, second[i].start);
      EXPECT_GE(first[i].start,
                static_cast<std::uint64_t>(std::chrono::nanoseconds{before.time_since_epoch()}.count()));
      EXPECT_LT(first[i].time, second[i].time);
      EXPECT_LE(first[i].start, first[i].time);
      if (first[i].attributes.at("grpc.method") != kUnaryMethod) continue;
      calls = second[i].value;
      EXPECT_EQ(first[i].value, 1);
    }
    EXPECT_EQ(calls, 2);
    for (const otlp::Metric& metric : its_collector.metrics) {
      if (metric.has_sum()) {
        EXPECT_EQ(metric.sum().aggregation_temporality(), otlp::TEMPORALITY_CUMULATIVE);
      }
      if (metric.has_histogram()) {
        EXPECT_EQ(metric.histogram().aggregation_temporality(), otlp::TEMPORALITY_CUMULATIVE);
      }
    }
    // The figures of loops and of the process began earlier.
    const std::vector<Point> cpu = points_of(its_collector.metric("process.cpu.time"));
    EXPECT_EQ(cpu.size(), 1);
    for (const Point& point : cpu) EXPECT_LT(point.start, first.front().start);
  });
}

TEST(MetricExport, SendsExemplarsWithTraceAndSpan) {
  Collector collector;
  export_once(collector, true);
  int exemplars = 0;
  for (const auto& point : collector.metric("rpc.server.call.duration").histogram().data_points()) {
    EXPECT_EQ(point.bucket_counts_size(), point.explicit_bounds_size() + 1);
    EXPECT_TRUE(std::ranges::is_sorted(point.explicit_bounds()));
    EXPECT_EQ(std::accumulate(point.bucket_counts().begin(), point.bucket_counts().end(), std::uint64_t{0}),
              point.count());
    for (const otlp::ExemplarPoint& exemplar : point.exemplars()) {
      ++exemplars;
      const otlp::Span& span = collector.named(kUnaryMethod, otlp::Span::KIND_SERVER);
      EXPECT_EQ(exemplar.trace_id(), span.trace_id());
      EXPECT_EQ(exemplar.span_id(), span.span_id());
      EXPECT_EQ(exemplar.as_double(), point.sum());
      EXPECT_LE(exemplar.time_unix_nano(), point.time_unix_nano());
      EXPECT_GE(exemplar.time_unix_nano(), point.start_time_unix_nano());
    }
  }
  EXPECT_EQ(exemplars, 1);
}

TEST(MetricExport, SendsARegistryOfTheProgramsOwnWithTextsThatAreNotUtf8) {
  prometheus::Registry registry;
  prometheus::BuildCounter()
      .Name("orders_total")
      .Help("bad \xff help")
      .Register(registry)
      .Add({{"shop", "a\xff"}})
      .Increment(3);
  prometheus::BuildGauge().Name("depth").Register(registry).Add({}).Set(-2.5);
  auto& sizes = prometheus::BuildHistogram().Name("sizes").Register(registry).Add(
      {}, prometheus::Histogram::BucketBoundaries{1, 10});
  for (const double size : {0.5, 5.0, 50.0, 60.0}) sizes.Observe(size);
  prometheus::BuildSummary()
      .Name("waits")
      .Register(registry)
      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}})
      .Observe(4);

  Collector collector;
  with_collector(collector, [&registry](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Metrics metrics;
    metrics.add(registry);
    MetricExporter exporter{metrics, {.collector = target, .send_every = 1h}};
    co_await exporter.close();
    EXPECT_EQ(exporter.dropped(), 0);
  });
  EXPECT_EQ(collector.rejected, 0);
  const otlp::Metric& orders = collector.metric("orders_total");
  EXPECT_EQ(kind_of(orders), "counter");
  ASSERT_EQ(orders.sum().data_points_size(), 1);
  EXPECT_EQ(orders.sum().data_points(0).as_double(), 3);
  EXPECT_EQ(attribute_of(orders.sum().data_points(0), "shop"), "a\xEF\xBF\xBD");
  EXPECT_EQ(points_of(collector.metric("depth")).at(0).value, -2.5);
  const otlp::HistogramPoint& histogram = collector.metric("sizes").histogram().data_points(0);
  EXPECT_EQ(std::vector<std::uint64_t>(histogram.bucket_counts().begin(), histogram.bucket_counts().end()),
            (std::vector<std::uint64_t>{1, 1, 2}));
  EXPECT_EQ(std::vector<double>(histogram.explicit_bounds().begin(), histogram.explicit_bounds().end()),
            (std::vector<double>{1, 10}));
  EXPECT_EQ(histogram.sum(), 115.5);
  EXPECT_EQ(collector.metric("waits").summary().data_points(0).quantile_values(0).value(), 4);
}

TEST(MetricExport, SplitsWhatIsTooMuchForOneRequest) {
  constexpr int kSeries = 20'000;
  prometheus::Registry registry;
  auto& family = prometheus::BuildCounter().Name("many").Register(registry);
  for (int i = 0; i < kSeries; ++i) family.Add({{"series", std::string(200, 'x') + std::to_string(i)}});
  Collector collector;
  with_collector(collector, [&registry](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Metrics metrics;
    metrics.add(registry);
    MetricExporter exporter{metrics, {.collector = target, .close_timeout = 1min, .send_every = 1h}};
    co_await exporter.close();
    EXPECT_EQ(exporter.dropped(), 0);
  });
  EXPECT_GT(collector.batches, 1);
  EXPECT_LT(collector.longest, 4U << 20);
  int points = 0;
  for (const otlp::Metric& metric : collector.metrics) {
    if (metric.name() == "many") points += metric.sum().data_points_size();
  }
  EXPECT_EQ(points, kSeries);
}

TEST(MetricExport, TriesAgainAsTheCollectorAsksAndCountsWhatItRejects) {
  Collector collector;
  collector.response.mutable_partial_success()->set_rejected(5);
  with_collector(collector, [](Collector& its_collector, const std::string& target) -> Task<void> {
    its_collector.refusals.push_back(asks_for(StatusCode::kResourceExhausted, 50ms));
    Metrics metrics;
    MetricExporter exporter{metrics, {.collector = target, .send_every = 1h}};
    co_await make_figures(metrics);
    const Clock::time_point begun = Clock::now();
    co_await exporter.close();
    EXPECT_GE(Clock::now() - begun, 50ms);
    EXPECT_EQ(exporter.dropped(), 5);
    EXPECT_GT(exporter.sent(), 50);
  });
  EXPECT_EQ(collector.attempts, 2);
}

TEST(MetricExport, ClosesInTimeWhenTheCollectorIsSilentOrAway) {
  for (const bool away : {false, true}) {
    Collector collector;
    collector.silent = true;
    with_collector(collector, [away](Collector& its_collector, const std::string& target) -> Task<void> {
      Metrics metrics;
      MetricExporter exporter{metrics,
                              {.collector = away ? "127.0.0.1:1" : target, .close_timeout = 100ms, .send_every = 1ms}};
      while (!away && its_collector.attempts == 0) co_await sleep(1ms);
      const Clock::time_point begun = Clock::now();
      co_await exporter.close();
      EXPECT_LT(Clock::now() - begun, 2s);
      EXPECT_EQ(exporter.sent(), 0);
      EXPECT_GT(exporter.dropped(), 0);
      co_await exporter.close();
    });
  }
}

TEST(MetricExport, SendsNothingWithoutACollector) {
  const auto run = []() -> Task<void> {
    Metrics metrics;
    MetricExporter exporter{metrics, {}};
    co_await exporter.close();
    EXPECT_EQ(exporter.sent(), 0);
  };
  block_on(run());
}

}  // namespace
}  // namespace tern::telemetry
