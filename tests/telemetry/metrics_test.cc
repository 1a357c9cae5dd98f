// The figures that Prometheus is told, of calls, requests, loops and the process.
#include "tern/telemetry/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

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
#include "tern/client/generic_stub.h"

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
                           R"(,rpc_response_status_code="UNIMPLEMENTED")"),
              1);
    EXPECT_EQ(figures.call("rpc_server_request_size_bytes_count", unary), 4);
    EXPECT_EQ(figures.call("rpc_server_response_size_bytes_count", unary), 3);
    EXPECT_EQ(figures.call("rpc_server_response_size_bytes_bucket", unary, R"(,le="256")"), 0);
    EXPECT_EQ(figures.call("rpc_server_response_size_bytes_bucket", unary, R"(,le="1024")"), 3);
    EXPECT_EQ(figures.call("rpc_server_active_calls", "tern.test.v1.Probe/Hang"), 1);
    EXPECT_EQ(figures.call("rpc_server_active_calls", unary), 0);

    const std::string target = ",server_address=\"" + channel.target() + "\"";
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
    const std::string unknown = R"(,rpc_response_status_code="UNKNOWN")";
    EXPECT_EQ(figures.call("rpc_server_call_duration_seconds_count", unary, unknown), 5);
    const std::string target = ",server_address=\"" + channel.target() + "\"";
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
      [](rest::test::Client& client) -> Task<void> {
        for (const char* path : {"/greet/a", "/greet/b", "/nothing"}) co_await client.ask("GET", path);
        co_await client.ask("MADE-UP", "/greet/a");
        const rest::test::Answer answer = co_await client.ask("GET", "/metrics");
        EXPECT_EQ(answer["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        const Figures figures{answer.body()};
        const std::string count = "http_server_request_duration_seconds_count";
        EXPECT_EQ(
            figures.at(count +
                       R"({http_request_method="GET",http_response_status_code="200",http_route="/greet/{name}"})"),
            2);
        EXPECT_EQ(figures.at(count + R"({http_request_method="GET",http_response_status_code="404"})"), 1);
        EXPECT_EQ(figures.at(count + R"({http_request_method="_OTHER",http_response_status_code="405"})"), 1);
        EXPECT_EQ(figures.at("http_server_active_requests"), 1);  // this one
        EXPECT_EQ(
            figures.at(
                "http_server_response_body_size_bytes_bucket"
                R"({http_request_method="GET",http_response_status_code="200",http_route="/greet/{name}",le="64"})"),
            2);
      });
  metrics.reset();
}

}  // namespace
}  // namespace tern::telemetry
