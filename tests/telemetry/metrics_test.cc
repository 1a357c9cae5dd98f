// The figures that Prometheus is told, of calls, requests, loops and the process.
#include "tern/telemetry/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "rest/http_client.h"
#include "support/serve.h"
#include "telemetry/bounds.h"
#include "telemetry/call_table.h"
#include "telemetry/exposition.h"
#include "tern/client/generic_stub.h"
#include "tern/rest/client.h"
#include "tern/telemetry/tracer.h"
#include "text/utf8.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using test::Order;
using test::Payload;
using test::ProbeService;
using test::ProbeStub;

/// Every line of Prometheus' text: name with labels, and value.
class Figures {
 public:
  explicit Figures(const std::string& text) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('#')) continue;
      const std::size_t space = line.rfind(' ');
      values_[line.substr(0, space)] = std::stod(line.substr(space + 1));
    }
  }
  [[nodiscard]] double at(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? -1 : found->second;
  }
  [[nodiscard]] double call(const std::string& name, const std::string& method, const std::string& more = "") const {
    return at(name + R"({rpc_system_name="grpc",rpc_method=")" + method + "\"" + more + "}");
  }

 private:
  std::map<std::string, double> values_;
};

/// How a channel to "127.0.0.1:port" is shown.
std::string target_labels(const Channel& channel) {
  const std::size_t colon = channel.target().rfind(':');
  return ",server_address=\"" + channel.target().substr(0, colon) + "\",server_port=\"" +
         channel.target().substr(colon + 1) + "\"";
}

Task<Figures> figures_of(const Metrics& metrics) {
  const std::string text = co_await metrics.text();
  co_return Figures{text};
}

/// Runs `body(channel, metrics, service)`; server and channel are observed.
template <class Body>
void with_metrics(Body body, std::size_t threads = 1) {
  const auto run = [](Body its_body) -> Task<void> {
    Metrics metrics;
    ProbeService service;
    Server server;
    server.add_service(service);
    server.add_observer(metrics);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    channel.add_observer(metrics);
    co_await its_body(channel, metrics, service);
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run(body), {.threads = threads, .blocked_after = 20ms});
}

TEST(Metrics, CountCallsByMethodAndStatus) {
  with_metrics([](Channel& channel, Metrics& metrics, ProbeService& service) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_size(1000);
    for (int i = 0; i < 3; ++i) co_await stub.Unary(order);
    order.set_status(5);
    const auto failed = co_await stub.Unary(order).result();
    EXPECT_FALSE(failed.ok());
    const auto unknown = co_await GenericStub{channel}.unary("/a.B/C", RawMessage{}).result();
    EXPECT_FALSE(unknown.ok());
    Order hang;
    auto waiting = stub.Hang(hang).task();
    TaskGroup group;
    const auto wait = [](Task<Payload> call) -> Task<void> { co_await std::move(call); };
    group.spawn(wait(std::move(waiting)));
    co_await test::until(service.running, 1);

    const Figures figures = co_await figures_of(metrics);
    const std::string unary = "tern.test.v1.Probe/Unary";
    const std::string ok = R"(,rpc_response_status_code="OK")";
    const std::string not_found = R"(,rpc_response_status_code="NOT_FOUND")";
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_count", unary, ok), 3);
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_count", unary, not_found), 1);
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_bucket", unary, ok + R"(,le="+Inf")"), 3);
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_count", "_OTHER",
                           R"(,rpc_response_status_code="UNIMPLEMENTED",error_type="UNIMPLEMENTED")"),
              1);
    EXPECT_EQ(figures.call("rpc_server_request_size_bytes_count", unary), 4);
    EXPECT_EQ(figures.call("rpc_server_response_size_bytes_count", unary), 3);
    EXPECT_EQ(figures.call("rpc_server_response_size_bytes_bucket", unary, R"(,le="256")"), 0);
    EXPECT_EQ(figures.call("rpc_server_response_size_bytes_bucket", unary, R"(,le="1024")"), 3);
    EXPECT_EQ(figures.call("rpc_server_active_calls", "tern.test.v1.Probe/Hang"), 1);
    EXPECT_EQ(figures.call("rpc_server_active_calls", unary), 0);

    const std::string target = target_labels(channel);
    EXPECT_EQ(figures.call("rpc_client_call_duration_seconds_count", unary, target + ok), 3);
    EXPECT_EQ(figures.call("rpc_client_active_calls", "tern.test.v1.Probe/Hang", target), 1);
    EXPECT_EQ(figures.call("rpc_client_response_size_bytes_count", unary, target), 3);
    group.cancel();
    try {
      co_await group.join();
    } catch (const Cancelled&) {
    }
  });
}

TEST(Metrics, CountCodesThatGrpcDoesNotDefineAsUnknown) {
  with_metrics([](Channel& channel, Metrics& metrics, ProbeService& /*service*/) -> Task<void> {
    ProbeStub stub{channel};
    const std::vector<int> codes{-1, 17, 99, INT32_MIN, INT32_MAX};
    for (const int code : codes) {
      Order order;
      order.set_status(code);
      const Result<Payload> result = co_await stub.Unary(order).result();
      EXPECT_EQ(result.status().code(), StatusCode::kUnknown) << code;
    }
    const Figures figures = co_await figures_of(metrics);
    const std::string unary = "tern.test.v1.Probe/Unary";
    const std::string unknown = R"(,rpc_response_status_code="UNKNOWN",error_type="UNKNOWN")";
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_count", unary, unknown), 5);
    const std::string target = target_labels(channel);
    EXPECT_EQ(figures.call("rpc_client_call_duration_seconds_count", unary, target + unknown), 5);
  });
}

TEST(Metrics, TellOfLoopsAndTheProcess) {
  with_metrics([](Channel& channel, Metrics& metrics, ProbeService& /*service*/) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_size(100'000);
    co_await stub.Unary(order);
    std::this_thread::sleep_for(100ms);
    // The one who counts sees it a moment later.
    const Loop& loop = Loop::require_current("the test");
    while (loop.times_blocked() == 0) co_await sleep(1ms);
    const Figures figures = co_await figures_of(metrics);
    EXPECT_EQ(figures.at(R"(tern_loop_connections{loop="0"})"), 2);
    EXPECT_EQ(figures.at(R"(tern_loop_streams_total{loop="0"})"), 2);
    EXPECT_GT(figures.at(R"(tern_loop_received_bytes_total{loop="0"})"), 100'000);
    EXPECT_GT(figures.at(R"(tern_loop_sent_bytes_total{loop="0"})"), 100'000);
    EXPECT_GE(figures.at(R"(tern_loop_blocked_total{loop="0"})"), 1);
    EXPECT_GT(figures.at(R"(tern_loop_turns_total{loop="0"})"), 1);
    EXPECT_GE(figures.at(R"(tern_loop_lag_seconds{loop="0"})"), 0);
    EXPECT_GT(figures.at("process_resident_memory_bytes"), 1'000'000);
    EXPECT_GE(figures.at("process_open_fds"), 3);
    EXPECT_GT(figures.at("process_start_time_seconds"), 1'700'000'000);
  });
}

TEST(Metrics, DoNotWaitForALoopThatIsBlocked) {
  with_metrics(
      [](Channel& /*channel*/, Metrics& metrics, ProbeService& /*service*/) -> Task<void> {
        Loop* other = Loop::require_current("the test").siblings()[1];
        // The loop may look at it once more when this has ended.
        const auto state = std::make_shared<std::atomic<int>>(0);
        co_await sleep(1ms);  // all threads run
        other->post([state] {
          *state = 1;
          state->notify_all();
          state->wait(1);
        });
        state->wait(0);
        const Figures figures = co_await figures_of(metrics);
        *state = 2;
        state->notify_all();
        EXPECT_GE(figures.at(R"(tern_loop_lag_seconds{loop="1"})"), 0.05);
      },
      2);
}

TEST(Metrics, TakeInWhatTheProgramCountsItself) {
  with_metrics([](Channel& /*channel*/, Metrics& metrics, ProbeService& /*service*/) -> Task<void> {
    prometheus::Registry registry;
    prometheus::BuildCounter()
        .Name("orders_total")
        .Help("Orders.")
        .Register(registry)
        .Add({{"kind", "a"}})
        .Increment(7);
    metrics.add(registry);
    const Figures figures = co_await figures_of(metrics);
    EXPECT_EQ(figures.at(R"(orders_total{kind="a"})"), 7);
  });
}

Task<rest::Response> greet(rest::Request& /*request*/) { co_return rest::Response{200, "text/plain", "hello"}; }

TEST(Metrics, CountRequestsByRouteAndStatus) {
  std::optional<Metrics> metrics;
  rest::test::with_site(
      [&metrics](rest::Site& site, Server& /*server*/) {
        metrics.emplace();
        site.add_observer(*metrics);
        site.route("GET", "/greet/{name}", greet);
        site.route("GET", "/metrics", metrics->handler());
      },
      [](rest::test::Http1Client& client) -> Task<void> {
        for (const char* path : {"/greet/a", "/greet/b", "/nothing"}) co_await client.ask("GET", path);
        co_await client.ask("MADE-UP", "/greet/a");
        const rest::test::Answer answer = co_await client.ask("GET", "/metrics");
        EXPECT_EQ(answer["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        const Figures figures{answer.body()};
        const std::string count = "http_server_request_duration_seconds_count";
        EXPECT_EQ(
            figures.at(
                count +
                R"({http_request_method="GET",url_scheme="http",http_response_status_code="200",http_route="/greet/{name}"})"),
            2);
        EXPECT_EQ(
            figures.at(count + R"({http_request_method="GET",url_scheme="http",http_response_status_code="404"})"), 1);
        EXPECT_EQ(
            figures.at(count + R"({http_request_method="_OTHER",url_scheme="http",http_response_status_code="405"})"),
            1);
        EXPECT_EQ(figures.at(R"(http_server_active_requests{http_request_method="GET",url_scheme="http"})"),
                  1);  // this one
        EXPECT_EQ(
            figures.at(
                "http_server_response_body_size_bytes_bucket"
                R"({http_request_method="GET",url_scheme="http",http_response_status_code="200",http_route="/greet/{name}",le="64"})"),
            2);
      });
  metrics.reset();
}

/// "name{grpc_method=…" of one of A66's.
std::string grpc_series(const std::string& name, const std::string& method, const std::string& more = "") {
  return name + R"({grpc_method=")" + method + "\"" + more + "}";
}

// gRFC A66: names, labels and buckets; a retried call is one call and two attempts.
TEST(GrpcMetrics, CountCallsAndAttemptsByA66) {
  const auto run = []() -> Task<void> {
    Metrics metrics;
    ProbeService service;
    service.failing = 1;
    Server server;
    server.add_service(service);
    server.add_observer(metrics);
    const std::string address = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"));
    Channel channel{address, {.service_config = R"({"methodConfig": [{"name": [{}], "retryPolicy": {
        "maxAttempts": 2, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
        "retryableStatusCodes": ["UNAVAILABLE"]}}]})"}};
    channel.add_observer(metrics);
    Order order;
    order.set_size(2000);
    co_await ProbeStub{channel}.Unary(order);
    const auto unknown = co_await GenericStub{channel}.unary("/a.B/C", RawMessage{}).result();
    EXPECT_FALSE(unknown.ok());
    const Figures figures = co_await figures_of(metrics);
    const std::string unary = "tern.test.v1.Probe/Unary";
    const std::string target = ",grpc_target=\"dns:///" + address + "\"";
    const std::string ok = R"(,grpc_status="OK")";
    const std::string unavailable = R"(,grpc_status="UNAVAILABLE")";
    EXPECT_EQ(figures.at(grpc_series("grpc_client_attempt_started_total", unary, target)), 2);
    EXPECT_EQ(figures.at(grpc_series("grpc_client_attempt_duration_seconds_count", unary, target + ok)), 1);
    EXPECT_EQ(figures.at(grpc_series("grpc_client_attempt_duration_seconds_count", unary, target + unavailable)), 1);
    EXPECT_EQ(figures.at(grpc_series("grpc_client_call_duration_seconds_count", unary, target + ok)), 1);
    EXPECT_EQ(figures.at(grpc_series("grpc_client_call_duration_seconds_count", unary, target + unavailable)), -1);
    const std::string sent = "grpc_client_attempt_sent_total_compressed_message_size_bytes";
    const std::string received = "grpc_client_attempt_rcvd_total_compressed_message_size_bytes";
    EXPECT_EQ(figures.at(grpc_series(sent + "_sum", unary, target + ok)), 3);
    EXPECT_EQ(figures.at(grpc_series(sent + "_sum", unary, target + unavailable)), 3);
    EXPECT_EQ(figures.at(grpc_series(received + "_sum", unary, target + unavailable)), 0);
    EXPECT_EQ(figures.at(grpc_series(received + "_bucket", unary, target + unavailable + R"(,le="0")")), 1);
    EXPECT_EQ(figures.at(grpc_series(received + "_bucket", unary, target + ok + R"(,le="1024")")), 0);
    EXPECT_EQ(figures.at(grpc_series(received + "_bucket", unary, target + ok + R"(,le="2048")")), 1);

    EXPECT_EQ(figures.at(grpc_series("grpc_server_call_started_total", unary)), 2);
    EXPECT_EQ(figures.at(grpc_series("grpc_server_call_started_total", "other")), 1);
    EXPECT_EQ(figures.at(grpc_series("grpc_server_call_duration_seconds_count", unary, ok)), 1);
    EXPECT_EQ(figures.at(grpc_series("grpc_server_call_rcvd_total_compressed_message_size_bytes_sum", unary, ok)), 3);
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run());
}

TEST(GrpcMetrics, HaveA66sBuckets) {
  EXPECT_EQ(kGrpcDurationBounds.size(), 41);
  EXPECT_TRUE(std::ranges::is_sorted(kGrpcDurationBounds));
  EXPECT_EQ(kGrpcDurationBounds.front(), 0);
  EXPECT_EQ(kGrpcDurationBounds.back(), 100 * kSecond);
  EXPECT_EQ(kGrpcSizeBounds.size(), 14);
  EXPECT_EQ(kGrpcSizeBounds.back(), std::uint64_t{1} << 32U);
  EXPECT_TRUE(std::ranges::is_sorted(kCallBounds));
  EXPECT_TRUE(std::ranges::includes(kCallBounds, kDurationBounds));
  EXPECT_TRUE(std::ranges::includes(kCallBounds, kGrpcDurationBounds));
}

// One histogram with all bounds counts the same as two histograms.
TEST(GrpcMetrics, AreCountedOnceForBothNames) {
  Histogram<kCallBounds> once;
  Histogram<kDurationBounds> apart;
  Histogram<kGrpcDurationBounds> grpc;
  for (std::uint64_t value = 0; value < 200 * kSecond; value = value * 5 / 4 + 1) {
    for (const std::uint64_t near : {value, value + 1}) {
      once.add(near);
      apart.add(near);
      grpc.add(near);
    }
  }
  for (const std::uint64_t bound : kCallBounds) {
    once.add(bound);
    apart.add(bound);
    grpc.add(bound);
  }
  Buckets counted;
  once.add_to(counted);
  Buckets expected;
  apart.add_to(expected);
  EXPECT_EQ(with_bounds(counted, kCallBounds, kDurationBounds).counts, expected.counts);
  Buckets expected_grpc;
  grpc.add_to(expected_grpc);
  EXPECT_EQ(with_bounds(counted, kCallBounds, kGrpcDurationBounds).counts, expected_grpc.counts);
}

TEST(Metrics, HaveSeriesOfMethodsThatNobodyCalled) {
  with_metrics([](Channel& /*channel*/, Metrics& metrics, ProbeService& /*service*/) -> Task<void> {
    const Figures figures = co_await figures_of(metrics);
    const std::string upload = "tern.test.v1.Probe/Upload";
    EXPECT_EQ(figures.call("rpc_server_active_calls", upload), 0);
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_count", upload, R"(,rpc_response_status_code="OK")"), 0);
    EXPECT_EQ(figures.at(grpc_series("grpc_server_call_started_total", upload)), 0);
  });
}

// A proxy's clients make up methods, and it may connect to any number of servers.
TEST(Metrics, BoundWhatPeersMakeUp) {
  CallTable table;
  for (int target = 0; target < 300; ++target) {
    for (int method = 0; method < 50; ++method) {
      table.of_client("10.0.0." + std::to_string(target), "/a.B/" + std::to_string(method)).begun.add();
    }
  }
  std::string longest = "/a.B/" + std::string(100'000, 'x');
  table.of_client("10.0.0.1", longest).begun.add();
  EXPECT_LE(table.client_series(), 1300);
}

TEST(Metrics, AreValidWhateverPeersSend) {
  with_metrics([](Channel& channel, Metrics& metrics, ProbeService& /*service*/) -> Task<void> {
    for (int byte = 128; byte < 256; ++byte) {
      const std::string method = "/a.B/" + std::string{static_cast<char>(byte)} + "\"\\";
      const auto result = co_await GenericStub{channel}.unary(method, RawMessage{}).result();
      EXPECT_FALSE(result.ok());
    }
    for (const MetricsFormat format : {MetricsFormat::kText, MetricsFormat::kOpenMetrics}) {
      const std::string text = co_await metrics.text(format);
      EXPECT_TRUE(text::is_utf8(text));
      std::map<std::string, int> series;
      std::istringstream lines{text};
      for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('#')) ++series[line.substr(0, line.find("} "))];
      }
      for (const auto& [name, times] : series) EXPECT_EQ(times, 1) << name;
    }
  });
}

TEST(OpenMetrics, HaveUnitsTotalsExemplarsAndAnEnd) {
  const auto run = []() -> Task<void> {
    Metrics metrics;
    Tracer tracer;
    ProbeService service;
    Server server;
    server.add_service(service);
    server.add_observer(tracer);
    server.add_observer(metrics);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    Metadata metadata;
    metadata.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    co_await ProbeStub{channel}.Unary(Order{}, {.metadata = &metadata});
    const std::string text = co_await metrics.text(MetricsFormat::kOpenMetrics);
    EXPECT_TRUE(text.ends_with("\n# EOF\n"));
    EXPECT_NE(text.find("# TYPE grpc_server_call_started counter\n"), std::string::npos);
    EXPECT_NE(text.find("\ngrpc_server_call_started_total{"), std::string::npos);
    EXPECT_NE(text.find("# UNIT rpc_server_call_duration_seconds seconds\n"), std::string::npos);
    EXPECT_NE(text.find("# TYPE process_cpu_seconds counter\n"), std::string::npos);
    EXPECT_NE(text.find(R"(le="1.0"})"), std::string::npos);
    const std::string exemplar = R"( # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id=")";
    for (const std::string name :
         {"rpc_server_call_duration_seconds_bucket{", "grpc_server_call_duration_seconds_bucket{"}) {
      int exemplars = 0;
      std::istringstream lines{text};
      for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(name) && line.find(exemplar) != std::string::npos) ++exemplars;
      }
      EXPECT_EQ(exemplars, 1) << name;
    }
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run());
}

TEST(OpenMetrics, AreWhatTheAcceptFieldAsksFor) {
  using enum MetricsFormat;
  const std::vector<std::pair<std::string, MetricsFormat>> cases{
      {"", kText},
      {"*/*", kText},
      {"text/html", kText},
      {"application/openmetrics-text", kOpenMetrics},
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       kOpenMetrics},
      {"Application/OpenMetrics-Text ; Q=0.3, text/plain;q=0.2", kOpenMetrics},
      {"application/openmetrics-text;q=0.3, text/plain", kText},
      {"application/openmetrics-text;q=0", kText},
      {"application/openmetrics-text;q=x", kText},
  };
  for (const auto& [accept, format] : cases) EXPECT_EQ(format_for(accept), format) << accept;
}

TEST(Metrics, CountWhatAClientSends) {
  const auto run = []() -> Task<void> {
    Metrics metrics;
    rest::Site site;
    site.route("GET", "/greet/{name}", greet);
    Server server;
    const std::string port = std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    {
      rest::Client http;
      http.add_observer(metrics);
      static const std::vector<std::string> kPaths{"/greet/a", "/greet/b", "/nothing"};
      for (const std::string& path : kPaths) co_await http.get("http://127.0.0.1:" + port + path);
    }
    const Figures figures = co_await figures_of(metrics);
    const std::string count = R"(http_client_request_duration_seconds_count{http_request_method="GET",)"
                              R"(server_address="127.0.0.1",server_port=")" +
                              port + "\",http_response_status_code=";
    EXPECT_EQ(figures.at(count + R"("200"})"), 2);
    EXPECT_EQ(figures.at(count + R"("404",error_type="404"})"), 1);
    co_await server.stop();
  };
  block_on(run());
}

}  // namespace
}  // namespace tern::telemetry
