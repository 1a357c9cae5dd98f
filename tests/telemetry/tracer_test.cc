// Traces go through servers and channels, and a collector is told of those that are recorded.
#include "tern/telemetry/tracer.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rest/http_client.h"
#include "support/serve.h"
#include "telemetry/collector.h"
#include "telemetry/peer_address.h"
#include "tern/client/generic_stub.h"
#include "tern/rest/client.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using otlp::Span;
using test::attribute_of;
using test::Collector;
using test::hex;
using test::Order;
using test::Payload;
using test::ProbeService;
using test::ProbeStub;
using test::with_collector;

constexpr const char* kTraceId = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kSampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* kUnsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// Asks another server on behalf of its client.
class Middle final : public tern::test::v1::Probe::AsyncService {
 public:
  explicit Middle(Channel& next) : next_(next) {}
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    ProbeStub stub{next_};
    co_await stub.Unary(order);
    // In a job of its own, too.
    co_return co_await with_timeout(10s, stub.Unary(order).task());
  }

 private:
  Channel& next_;
};

/// Remembers what came along with the last call.
class Remembering final : public tern::test::v1::Probe::AsyncService {
 public:
  std::string traceparent;
  std::string tracestate;
  Task<Payload> Unary(ServerContext& context, const Order& order) override {
    traceparent = context.metadata().get("traceparent").value_or("");
    tracestate = context.metadata().get("tracestate").value_or("");
    co_return test::answer(order, 0);
  }
};

/// client -> middle -> last: both ends of both hops are traced; `traceparent` is the client's.
Task<void> call_through(Service& last, Tracer& tracer, std::string traceparent) {
  Server last_server;
  last_server.add_service(last);
  last_server.add_observer(tracer);
  Channel next{"127.0.0.1:" + std::to_string(last_server.listen("127.0.0.1:0"))};
  next.add_observer(tracer);
  Middle middle{next};
  Server server;
  server.add_service(middle);
  server.add_observer(tracer);
  Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  Metadata metadata;
  metadata.add("traceparent", traceparent);
  metadata.add("tracestate", "vendor=x");
  co_await ProbeStub{channel}.Unary(Order{}, {.metadata = &metadata});
  co_await channel.close();
  co_await next.close();
  co_await server.stop();
  co_await last_server.stop();
}

TEST(Tracer, FollowsACallThroughServices) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .service_name = "middle"}};
    ProbeService last;
    co_await call_through(last, tracer, kSampled);
    co_await tracer.close();
    EXPECT_EQ(tracer.sent(), 5);
    EXPECT_EQ(tracer.dropped(), 0);
  });
  EXPECT_EQ(collector.resource["service.name"], "middle");
  ASSERT_EQ(collector.spans.size(), 5);
  std::map<std::string, std::vector<const Span*>> children;  // by their parent's id
  for (const Span& span : collector.spans) {
    EXPECT_EQ(hex(span.trace_id()), kTraceId);
    EXPECT_EQ(span.trace_state(), "vendor=x");
    EXPECT_EQ(span.name(), "tern.test.v1.Probe/Unary");
    EXPECT_EQ(attribute_of(span, "rpc.response.status_code"), "OK");
    EXPECT_LE(span.start_time_unix_nano(), span.end_time_unix_nano());
    children[hex(span.parent_span_id())].push_back(&span);
  }
  const auto& first = children["b7ad6b7169203331"];
  ASSERT_EQ(first.size(), 1);
  EXPECT_EQ(first[0]->kind(), Span::KIND_SERVER);
  const auto& calls = children[hex(first[0]->span_id())];
  ASSERT_EQ(calls.size(), 2);
  for (const Span* call : calls) {
    EXPECT_EQ(call->kind(), Span::KIND_CLIENT);
    const auto& served = children[hex(call->span_id())];
    ASSERT_EQ(served.size(), 1);
    EXPECT_EQ(served[0]->kind(), Span::KIND_SERVER);
  }
}

TEST(Tracer, CarriesOnWhatIsNotRecorded) {
  Collector collector;
  Remembering last;
  with_collector(collector, [&last](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target}};
    co_await call_through(last, tracer, kUnsampled);
    co_await tracer.close();
  });
  EXPECT_TRUE(collector.spans.empty());
  EXPECT_EQ(last.traceparent.substr(0, 36), std::string{kUnsampled}.substr(0, 36));
  EXPECT_TRUE(last.traceparent.ends_with("-00")) << last.traceparent;
  EXPECT_EQ(last.tracestate, "vendor=x");
}

TEST(Tracer, CarriesOnWithoutACollector) {
  Remembering last;
  const auto run = [](Remembering& its_last) -> Task<void> {
    Tracer tracer;
    co_await call_through(its_last, tracer, kSampled);
    co_await tracer.close();
  };
  block_on(run(last));
  EXPECT_EQ(last.traceparent.substr(0, 36), std::string{kSampled}.substr(0, 36));
  EXPECT_TRUE(last.traceparent.ends_with("-01")) << last.traceparent;
}

/// `count` calls of a server that is traced, each with this order.
Task<void> call_traced(Tracer& tracer, const Order& order, int count) {
  ProbeService service;
  Server server;
  server.add_service(service);
  server.add_observer(tracer);
  Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  for (int i = 0; i < count; ++i) {
    const auto result = co_await ProbeStub{channel}.Unary(order).result();
    EXPECT_EQ(static_cast<int>(result.status().code()), order.status());
  }
  co_await channel.close();
  co_await server.stop();
}

TEST(Tracer, TellsTheServersFaultsFromTheClients) {
  Collector collector;
  with_collector(collector, [](Collector& its_collector, const std::string& target) -> Task<void> {
    its_collector.refusals.emplace_back(StatusCode::kUnavailable, "not now");  // it is asked again
    Tracer tracer{{.collector = target}};
    Order order;
    order.set_status(static_cast<int>(StatusCode::kNotFound));
    co_await call_traced(tracer, order, 1);
    order.set_status(static_cast<int>(StatusCode::kInternal));
    order.set_details("broken");
    co_await call_traced(tracer, order, 1);
    co_await tracer.close();
    EXPECT_EQ(tracer.sent(), 2);
  });
  ASSERT_EQ(collector.spans.size(), 2);
  EXPECT_EQ(collector.spans[0].status().code(), otlp::SpanStatus::CODE_UNSET);
  EXPECT_EQ(collector.spans[1].status().code(), otlp::SpanStatus::CODE_ERROR);
  EXPECT_EQ(collector.spans[1].status().message(), "broken");
  EXPECT_EQ(attribute_of(collector.spans[1], "error.type"), "INTERNAL");
  EXPECT_TRUE(collector.spans[1].parent_span_id().empty());
}

TEST(Tracer, DropsWhatIsTooMuchAndCountsIt) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .send_every = 1h, .most_at_once = 100, .most_waiting = 10}};
    co_await call_traced(tracer, Order{}, 25);
    co_await tracer.close();
    EXPECT_EQ(tracer.sent(), 10);
    EXPECT_EQ(tracer.dropped(), 15);
  });
  EXPECT_EQ(collector.spans.size(), 10);
}

TEST(Tracer, SendsManyTogether) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .send_every = 1h, .most_at_once = 40}};
    co_await call_traced(tracer, Order{}, 100);
    co_await tracer.close();
  });
  EXPECT_EQ(collector.spans.size(), 100);
  EXPECT_LE(collector.batches, 4);
}

TEST(Tracer, RecordsAPart) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .sampled = 0.5}};
    co_await call_traced(tracer, Order{}, 1000);
    co_await tracer.close();
  });
  EXPECT_GT(collector.spans.size(), 350);
  EXPECT_LT(collector.spans.size(), 650);
}

TEST(Tracer, ACollectorThatIsNotThereHoldsNothingUp) {
  const auto run = []() -> Task<void> {
    Tracer tracer{{.collector = "127.0.0.1:1", .send_every = 10ms}};
    co_await call_traced(tracer, Order{}, 10);
    co_await tracer.close();
    EXPECT_EQ(tracer.sent(), 0);
    EXPECT_EQ(tracer.dropped(), 10);
  };
  block_on(run());
}

Task<rest::Response> show_trace(rest::Request& request) {
  const TraceContext& trace = *request.trace;
  co_return rest::Response{200, "text/plain", hex_of(trace.trace_id()) + " " + trace.tracestate()};
}

// Trace Context §3.2 and §3.3: fields that a proxy has split, or sent twice.
TEST(Tracer, ReadsTracestateFieldsAsOneListAndBelievesOnlyOneTraceparent) {
  static const std::string kParent = std::string{"traceparent: "} + kSampled + "\r\n";
  static const std::string kId{kTraceId};
  // Fields, and the trace that the request is part of; empty: a new one.
  static const std::vector<std::pair<std::string, std::string>> kCases{
      {kParent, kId + " "},
      {kParent + "tracestate: a=1\r\n", kId + " a=1"},
      {kParent + "tracestate: a=1\r\ntracestate: b=2,c=3\r\n", kId + " a=1,b=2,c=3"},
      {kParent + "tracestate:\r\ntracestate: a=1\r\n", kId + " a=1"},
      {kParent + kParent, ""},
  };
  const auto run = []() -> Task<void> {
    Tracer tracer;
    rest::Site site;
    site.add_observer(tracer);
    site.route("GET", "/trace", show_trace);
    Server server;
    rest::test::Http1Client http{server.listen("127.0.0.1:0", {.http = &site})};
    for (const auto& [fields, expected] : kCases) {
      const rest::test::Answer answer = co_await http.ask("GET", "/trace", {}, fields);
      if (expected.empty()) {
        EXPECT_EQ(answer.body().find(kId), std::string::npos) << answer.body();
      } else {
        EXPECT_EQ(answer.body(), expected);
      }
    }
    co_await server.stop({.grace = 1h});
  };
  block_on(run());
}

// HTTP -> a route that asks another site, and a call by its JSON name.
TEST(Tracer, FollowsRequestsToo) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target}};
    ProbeService service;
    rest::Client out;
    rest::Site site;
    site.add_observer(tracer);
    Server server;
    server.add_service(service);
    server.add_observer(tracer);
    std::string next;
    site.route("GET", "/first", [&](rest::Request&) -> Task<rest::Response> {
      const auto forward = [](rest::Client& client, std::string url) -> Task<rest::Response> {
        const rest::ClientResponse reply = co_await client.get(std::move(url));
        co_return rest::Response{reply.status, "text/plain", reply.body};
      };
      return forward(out, next);
    });
    site.route("GET", "/second", [](rest::Request&) -> Task<rest::Response> { co_return rest::Response{204}; });
    site.add_services(server);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    next = "http://127.0.0.1:" + std::to_string(port) + "/second";
    rest::test::Http1Client http{port};
    const std::string field = std::string{"traceparent: "} + kSampled + "\r\n";
    co_await http.ask("GET", "/first", {}, field);
    co_await http.ask("POST", "/tern.test.v1.Probe/Unary", "{}", field + "Content-Type: application/json\r\n");
    co_await server.stop({.grace = 1h});
    co_await tracer.close();
  });
  ASSERT_EQ(collector.spans.size(), 4);
  const Span& first = collector.named("GET /first", Span::KIND_SERVER);
  const Span& second = collector.named("GET /second", Span::KIND_SERVER);
  const Span& connect = collector.named("POST /tern.test.v1.Probe/Unary", Span::KIND_SERVER);
  const Span& call = collector.named("tern.test.v1.Probe/Unary", Span::KIND_SERVER);
  EXPECT_EQ(hex(first.parent_span_id()), "b7ad6b7169203331");
  EXPECT_EQ(second.parent_span_id(), first.span_id());
  EXPECT_EQ(attribute_of(second, "http.response.status_code"), "204");
  EXPECT_EQ(hex(connect.parent_span_id()), "b7ad6b7169203331");
  EXPECT_EQ(call.parent_span_id(), connect.span_id());
  for (const Span& span : collector.spans) EXPECT_EQ(hex(span.trace_id()), kTraceId);
}

/// Every byte that a client can put into a field of HTTP/2 or HTTP/1.1 beside the letters.
std::string odd_bytes() {
  std::string bytes;
  for (int byte = 128; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

// One span that a collector cannot read would cost the whole batch, and all honest spans in it.
TEST(Tracer, SendsSpansThatCollectorsAcceptWhateverPeersSend) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .send_every = 1h}};
    ProbeService service;
    rest::Site site;
    site.add_observer(tracer);
    Server server;
    server.add_service(service);
    server.add_observer(tracer);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    Channel channel{"127.0.0.1:" + std::to_string(port)};
    channel.add_observer(tracer);
    const std::string method = "/a.B/" + odd_bytes();
    Metadata metadata;
    metadata.add("traceparent", kSampled);
    static_cast<void>(metadata.add_received("tracestate", "a=" + odd_bytes()));
    const auto unknown = co_await GenericStub{channel}.unary(method, RawMessage{}, {.metadata = &metadata}).result();
    EXPECT_FALSE(unknown.ok());
    Order order;
    order.set_status(static_cast<int>(StatusCode::kInternal));
    order.set_details("\xc3\xa9");
    const auto failed = co_await ProbeStub{channel}.Unary(order).result();
    EXPECT_FALSE(failed.ok());
    rest::test::Http1Client http{port};
    const std::string fields =
        "User-Agent: " + odd_bytes() + "\r\ntraceparent: " + kSampled + "\r\ntracestate: a=" + odd_bytes() + "\r\n";
    co_await http.ask("GET", "/" + std::string(3000, 'x'), {}, fields);
    co_await channel.close();
    co_await server.stop({.grace = 1h});
    co_await tracer.close();
    EXPECT_EQ(tracer.dropped(), 0);
    EXPECT_EQ(tracer.sent(), 5);
  });
  EXPECT_EQ(collector.rejected, 0);
  EXPECT_EQ(collector.spans.size(), 5);
  for (const Span& span : collector.spans) EXPECT_LT(span.ByteSizeLong(), 16'000);
}

// OpenTelemetry's conventions for RPC and HTTP.
TEST(Tracer, NamesSpansAndAttributesByTheConventions) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .send_every = 1h}};
    ProbeService service;
    rest::Site site;
    site.add_observer(tracer);
    site.route("GET", "/here", show_trace);
    Server server;
    server.add_service(service);
    server.add_observer(tracer);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    Channel channel{"127.0.0.1:" + std::to_string(port)};
    channel.add_observer(tracer);
    co_await ProbeStub{channel}.Unary(Order{});
    const auto unknown = co_await GenericStub{channel}.unary("/no.Such/Method", RawMessage{}).result();
    EXPECT_FALSE(unknown.ok());
    rest::test::Http1Client http{port};
    co_await http.ask("GET", "/here?secret=1", {}, "User-Agent: curl/8\r\n");
    co_await http.ask("BREW", "/here");
    co_await channel.close();
    co_await server.stop({.grace = 1h});
    co_await tracer.close();
  });
  using Attributes = std::map<std::string, std::string>;
  const auto expect = [](const Span& span, const Attributes& expected) {
    for (const auto& [key, value] : expected) EXPECT_EQ(attribute_of(span, key), value) << span.name() << " " << key;
  };
  const Span& served = collector.named("tern.test.v1.Probe/Unary", Span::KIND_SERVER);
  expect(served, {{"rpc.system.name", "grpc"},
                  {"rpc.method", "tern.test.v1.Probe/Unary"},
                  {"rpc.response.status_code", "OK"},
                  {"network.peer.address", "127.0.0.1"},
                  {"network.transport", "tcp"},
                  {"network.type", "ipv4"},
                  {"error.type", ""}});
  EXPECT_NE(attribute_of(served, "network.peer.port"), "");
  EXPECT_EQ(served.flags(), 0x301);
  expect(collector.named("tern.test.v1.Probe/Unary", Span::KIND_CLIENT),
         {{"server.address", "127.0.0.1"}, {"network.peer.address", "127.0.0.1"}});
  expect(collector.named("grpc", Span::KIND_SERVER), {{"rpc.method", "_OTHER"},
                                                      {"rpc.method_original", "no.Such/Method"},
                                                      {"rpc.response.status_code", "UNIMPLEMENTED"},
                                                      {"error.type", "UNIMPLEMENTED"}});
  expect(collector.named("GET /here", Span::KIND_SERVER), {{"http.request.method", "GET"},
                                                           {"http.request.method_original", ""},
                                                           {"http.route", "/here"},
                                                           {"url.path", "/here"},
                                                           {"url.scheme", "http"},
                                                           {"url.query", ""},
                                                           {"network.protocol.version", "1.1"},
                                                           {"network.peer.address", "127.0.0.1"},
                                                           {"client.address", "127.0.0.1"},
                                                           {"user_agent.original", "curl/8"},
                                                           {"http.response.status_code", "200"}});
  expect(collector.named("HTTP", Span::KIND_SERVER), {{"http.request.method", "_OTHER"},
                                                      {"http.request.method_original", "BREW"},
                                                      {"http.response.status_code", "405"}});
}

// Each request that is sent is a span, and the server's is its child.
TEST(Tracer, MakesSpansOfWhatAClientSends) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .send_every = 1h}};
    rest::Site site;
    site.add_observer(tracer);
    site.route("GET", "/old", [](rest::Request&) -> Task<rest::Response> {
      rest::Response moved{302};
      moved.fields.add("location", "/new");
      co_return moved;
    });
    site.route("GET", "/new", show_trace);
    Server server;
    const std::string at = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    {
      rest::Client http;
      http.add_observer(tracer);
      co_await http.get(at + "/old?token=secret");
      co_await http.get(at + "/missing");
      try {
        co_await http.get("http://127.0.0.1:1/");
        ADD_FAILURE() << "answered";
      } catch (const rest::ClientError&) {
      }
    }
    co_await server.stop();
    co_await tracer.close();
  });
  std::vector<const Span*> sent;
  for (const Span& span : collector.spans) {
    if (span.kind() == Span::KIND_CLIENT) sent.push_back(&span);
  }
  ASSERT_EQ(sent.size(), 4);
  EXPECT_EQ(sent[0]->name(), "GET");
  EXPECT_TRUE(attribute_of(*sent[0], "url.full").ends_with("/old")) << attribute_of(*sent[0], "url.full");
  EXPECT_EQ(attribute_of(*sent[0], "http.response.status_code"), "302");
  EXPECT_EQ(attribute_of(*sent[0], "server.address"), "127.0.0.1");
  EXPECT_EQ(sent[0]->status().code(), otlp::SpanStatus::CODE_UNSET);
  EXPECT_EQ(attribute_of(*sent[1], "http.request.resend_count"), "1");
  EXPECT_EQ(attribute_of(*sent[1], "http.response.status_code"), "200");
  EXPECT_EQ(attribute_of(*sent[2], "error.type"), "404");
  EXPECT_EQ(sent[2]->status().code(), otlp::SpanStatus::CODE_ERROR);
  EXPECT_EQ(attribute_of(*sent[3], "error.type"), "_OTHER");
  EXPECT_EQ(attribute_of(*sent[3], "http.response.status_code"), "");
  EXPECT_EQ(collector.named("GET /old", Span::KIND_SERVER).parent_span_id(), sent[0]->span_id());
  EXPECT_EQ(collector.named("GET /new", Span::KIND_SERVER).parent_span_id(), sent[1]->span_id());
}

TEST(PeerAddress, HasThePartsThatTheConventionsWant) {
  struct Case {
    std::string_view text;
    std::string_view address;
    int port;
    std::string_view transport;
    std::string_view type;
  };
  static constexpr Case kPeers[] = {
      {"ipv4:127.0.0.1:1234", "127.0.0.1", 1234, "tcp", "ipv4"},
      {"ipv6:[::1]:1234", "::1", 1234, "tcp", "ipv6"},
      {"unix:/run/x", "/run/x", -1, "unix", ""},
      {"unix:", "", -1, "unix", ""},
      {"in-process", "in-process", -1, "", ""},
      {"", "", -1, "", ""},
  };
  for (const Case& one : kPeers) {
    const PeerAddress parts = peer_address(one.text);
    EXPECT_EQ(parts.address, one.address) << one.text;
    EXPECT_EQ(parts.port ? *parts.port : -1, one.port) << one.text;
    EXPECT_EQ(parts.transport, one.transport) << one.text;
    EXPECT_EQ(parts.type, one.type) << one.text;
  }
  static constexpr Case kTargets[] = {
      {"localhost:50051", "localhost", 50051, "tcp", ""},
      {"dns:///users.example:443", "users.example", 443, "tcp", ""},
      {"dns://8.8.8.8/users.example:443", "users.example", 443, "tcp", ""},
      {"[::1]:5", "::1", 5, "tcp", ""},
      {"::1", "::1", -1, "tcp", ""},
      {"users.example", "users.example", -1, "tcp", ""},
      {"ipv4:1.2.3.4:1,5.6.7.8:1", "ipv4:1.2.3.4:1,5.6.7.8:1", -1, "", ""},
      {"unix:/run/x", "/run/x", -1, "unix", ""},
      {"xds:///users", "xds:///users", -1, "", ""},
      {"host:99999", "host:99999", -1, "tcp", ""},
  };
  for (const Case& one : kTargets) {
    const PeerAddress parts = target_address(one.text);
    EXPECT_EQ(parts.address, one.address) << one.text;
    EXPECT_EQ(parts.port ? *parts.port : -1, one.port) << one.text;
  }
}

}  // namespace
}  // namespace tern::telemetry
