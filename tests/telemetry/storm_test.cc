// Telemetry in a storm: whatever other clients send, an honest client's every call has its span, its line and its
// sample. tests/outside/telemetry.py does the same to userchat with 10,000 connections for a minute.
#include "telemetry/storm.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "support/serve.h"
#include "telemetry/collector.h"
#include "telemetry/honest.h"
#include "tern/client/generic_stub.h"
#include "tern/telemetry/access_log.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/tracer.h"
#include "text/utf8.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using test::Collector;
using test::honest_trace;
using test::HonestClient;
using test::ProbeService;
using test::Storm;
using test::StormTexts;

constexpr std::size_t kConnections = 200;
constexpr std::uint64_t kRequests = 25;  // of each
constexpr std::size_t kLabelLimit = 256;
constexpr std::size_t kLineLimit = 32'768;

/// A server behind the proxy: its statuses have texts of random bytes.
class HostileService final : public GenericService {
 public:
  AsyncGenerator<RawMessage> Call(ServerContext& /*context*/, Reader<RawMessage>& requests) override {
    const std::optional<RawMessage> request = co_await requests.next();
    const Status status{static_cast<StatusCode>(1 + texts_.below(16)), texts_.bytes()};
    ServerContext::abort(status);
    co_yield RawMessage{};
  }

 private:
  StormTexts texts_{7};
};

/// Passes every call on, under the method that its client has made up, and its status back.
class Proxy final : public GenericService {
 public:
  explicit Proxy(Channel& next) : next_(next) {}
  AsyncGenerator<RawMessage> Call(ServerContext& context, Reader<RawMessage>& requests) override {
    const std::optional<RawMessage> request = co_await requests.next();
    const std::string method{context.method()};
    const RawMessage message = request ? *request : RawMessage{};
    const Result<RawMessage> reply = co_await GenericStub{next_}.unary(method, message).result();
    if (!reply.ok()) ServerContext::abort(reply.status());
    RawMessage passed = *reply;
    co_yield std::move(passed);
  }

 private:
  Channel& next_;
};

Task<rest::Response> say_hello(rest::Request& /*request*/) { co_return rest::Response{200, "text/plain", "hello"}; }

struct Outcome {
  std::uint64_t traces = 0;  // of the honest client
  std::uint64_t dropped = 0;
  std::string metrics;
  std::string open_metrics;
};

Task<void> through_the_storm(const std::string& collector, const std::string& log_file, Outcome& outcome) {
  Tracer tracer{{.collector = collector}};
  AccessLog log{log_file};
  Metrics metrics;
  HostileService hostile;
  Server behind;
  behind.set_generic_service(hostile);
  Channel next{"127.0.0.1:" + std::to_string(behind.listen("127.0.0.1:0"))};
  Proxy proxy{next};
  ProbeService service;
  rest::Site site;
  Server server;
  server.add_service(service);
  server.set_generic_service(proxy);
  site.route("GET", "/honest", say_hello);
  site.route("GET", "/known/{name}", say_hello);
  for (auto* observer : std::initializer_list<ServerObserver*>{&tracer, &log, &metrics}) server.add_observer(*observer);
  for (auto* observer : std::initializer_list<rest::RequestObserver*>{&tracer, &log, &metrics})
    site.add_observer(*observer);
  for (auto* observer : std::initializer_list<ClientObserver*>{&tracer, &metrics}) next.add_observer(*observer);
  site.add_services(server);
  const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});

  Storm storm{port, {"/known/a", "/tern.test.v1.Probe/Unary", "/tern.test.v1.Probe/Download"}, 1};
  HonestClient honest{port, "/tern.test.v1.Probe/Upload", "/honest"};
  storm.start(kConnections, kRequests);
  do {
    co_await honest.call_both();
  } while (storm.running() > 0);
  co_await storm.finish();
  EXPECT_EQ(storm.sent(), kConnections * kRequests);
  outcome.traces = honest.traces();
  outcome.metrics = co_await metrics.text();
  outcome.open_metrics = co_await metrics.text(MetricsFormat::kOpenMetrics);
  co_await honest.close();
  co_await server.stop();
  co_await next.close();
  co_await behind.stop();
  co_await tracer.close();
  outcome.dropped = tracer.dropped();
}

void expect_spans(const Collector& collector, std::uint64_t traces) {
  std::map<std::string, int> spans;
  for (const otlp::Span& span : collector.spans) ++spans[test::hex(span.trace_id())];
  for (std::uint64_t i = 0; i < traces; ++i) ASSERT_EQ(spans[honest_trace(i)], 1) << "trace " << i;
  EXPECT_EQ(collector.rejected, 0);
}

void expect_lines(const std::string& file, std::uint64_t traces) {
  std::map<std::string, int> lines;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    ASSERT_TRUE(text::is_utf8(line)) << line;
    ASSERT_LE(line.size(), kLineLimit);
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    ASSERT_FALSE(error) << line;
    ASSERT_FALSE(value.as_object().contains("lost_lines")) << line;
    if (const auto* trace = value.as_object().if_contains("trace_id")) ++lines[std::string{trace->as_string()}];
  }
  for (std::uint64_t i = 0; i < traces; ++i) ASSERT_EQ(lines[honest_trace(i)], 1) << "trace " << i;
}

/// The values of a line's labels, as they are written.
std::vector<std::string> labels_of(const std::string& line) {
  std::vector<std::string> values;
  for (std::size_t at = line.find("=\""); at != std::string::npos; at = line.find("=\"", at)) {
    std::string value;
    for (at += 2; at < line.size() && line[at] != '"'; ++at) {
      if (line[at] == '\\') ++at;
      value += line[at];
    }
    values.push_back(value);
  }
  return values;
}

/// Returns how many values labels have.
std::size_t expect_short_labels(const std::string& page) {
  EXPECT_TRUE(text::is_utf8(page));
  std::istringstream in{page};
  std::set<std::string> values;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    for (const std::string& value : labels_of(line)) {
      EXPECT_LE(value.size(), kLabelLimit) << line;
      values.insert(value);
    }
  }
  return values.size();
}

void expect_samples(const std::string& page, std::uint64_t traces) {
  const std::string calls = R"(rpc_server_call_duration_seconds_count{rpc_system_name="grpc",)"
                            R"(rpc_method="tern.test.v1.Probe/Upload",rpc_response_status_code="OK"} )";
  const std::string requests =
      R"(http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",)"
      R"(http_response_status_code="200",http_route="/honest"} )";
  EXPECT_NE(page.find(calls + std::to_string(traces / 2) + "\n"), std::string::npos) << traces;
  EXPECT_NE(page.find(requests + std::to_string(traces / 2) + "\n"), std::string::npos) << traces;
}

TEST(TelemetryStorm, LosesNoSpanLineOrSampleOfAnHonestClient) {
  const std::string file = ::testing::TempDir() + "telemetry_storm_" + std::to_string(::getpid()) + ".log";
  Collector collector;
  Outcome outcome;
  test::with_collector(collector, [&](Collector& /*collector*/, const std::string& target) -> Task<void> {
    co_await through_the_storm(target, file, outcome);
  });
  EXPECT_EQ(outcome.dropped, 0);
  expect_spans(collector, outcome.traces);
  expect_lines(file, outcome.traces);
  expect_samples(outcome.metrics, outcome.traces);
  // The proxy's channel shows 1,000 methods at most; the rest are routes, statuses and bounds of buckets.
  EXPECT_LT(expect_short_labels(outcome.metrics), 1300);
  EXPECT_GT(expect_short_labels(outcome.open_metrics), 0);  // with exemplars, of which each has two
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace tern::telemetry
