// How spans reach a collector: OTLP's rules about failures, pauses, partial success and the end.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rest/http_client.h"
#include "support/captured_log.h"
#include "telemetry/collector.h"
#include "telemetry/export_retry.h"
#include "telemetry/otlp_sender.h"
#include "tern/telemetry/tracer.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using test::asks_for;
using test::Collector;
using test::Order;
using test::ProbeService;
using test::ProbeStub;
using test::with_collector;

/// `count` calls of a server that is traced.
Task<void> make_spans(Tracer& tracer, int count) {
  ProbeService service;
  Server server;
  server.add_service(service);
  server.add_observer(tracer);
  Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  for (int i = 0; i < count; ++i) co_await ProbeStub{channel}.Unary(Order{});
  co_await channel.close();
  co_await server.stop();
}

// OTLP specification, "Failures": the table of gRPC's codes.
TEST(Export, TriesAgainOnlyWhatOtlpCallsRetryable) {
  struct Case {
    StatusCode code;
    bool retryable;
  };
  static const std::vector<Case> kCases{
      {StatusCode::kCancelled, true},
      {StatusCode::kUnknown, false},
      {StatusCode::kInvalidArgument, false},
      {StatusCode::kDeadlineExceeded, true},
      {StatusCode::kNotFound, false},
      {StatusCode::kAlreadyExists, false},
      {StatusCode::kPermissionDenied, false},
      {StatusCode::kUnauthenticated, false},
      {StatusCode::kResourceExhausted, false},
      {StatusCode::kFailedPrecondition, false},
      {StatusCode::kAborted, true},
      {StatusCode::kOutOfRange, true},
      {StatusCode::kUnimplemented, false},
      {StatusCode::kInternal, false},
      {StatusCode::kUnavailable, true},
      {StatusCode::kDataLoss, true},
  };
  for (const Case& one : kCases) {
    Collector collector;
    with_collector(collector, [&one](Collector& its_collector, const std::string& target) -> Task<void> {
      // With RetryInfo the pause is short; RESOURCE_EXHAUSTED is then retryable, and so is tried in the next test.
      its_collector.refusals.push_back(one.retryable ? asks_for(one.code, 1ms) : Status{one.code, "no"});
      Tracer tracer{{.collector = target, .send_every = 1h, .most_at_once = 1}};
      co_await make_spans(tracer, 1);
      co_await tracer.close();
      EXPECT_EQ(tracer.sent(), one.retryable ? 1 : 0) << name_of(one.code);
      EXPECT_EQ(tracer.dropped(), one.retryable ? 0 : 1) << name_of(one.code);
    });
    EXPECT_EQ(collector.attempts, one.retryable ? 2 : 1) << name_of(one.code);
  }
}

TEST(Export, KeepsThePauseThatRetryInfoAsksFor) {
  Collector collector;
  with_collector(collector, [](Collector& its_collector, const std::string& target) -> Task<void> {
    its_collector.refusals.push_back(asks_for(StatusCode::kResourceExhausted, 200ms));
    Tracer tracer{{.collector = target, .send_every = 1h}};
    co_await make_spans(tracer, 3);
    const Clock::time_point begun = Clock::now();
    co_await tracer.close();
    EXPECT_GE(Clock::now() - begun, 200ms);
    EXPECT_EQ(tracer.sent(), 3);
  });
  EXPECT_EQ(collector.attempts, 2);
}

TEST(Export, CountsWhatAPartialSuccessRejectsAndDoesNotSendItAgain) {
  Collector collector;
  collector.response.mutable_partial_success()->set_rejected(2);
  collector.response.mutable_partial_success()->set_error_message("two are too old");
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = target, .send_every = 1h}};
    co_await make_spans(tracer, 5);
    co_await tracer.close();
    EXPECT_EQ(tracer.sent(), 3);
    EXPECT_EQ(tracer.dropped(), 2);
  });
  EXPECT_EQ(collector.attempts, 1);
}

TEST(Export, ClosesInTimeWhenTheCollectorIsSilent) {
  Collector collector;
  collector.silent = true;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    // The first batch is under way, and would be for ten seconds, when close() is called.
    Tracer tracer{{.collector = target, .close_timeout = 100ms, .send_every = 1ms, .most_at_once = 2}};
    co_await make_spans(tracer, 5);
    const Clock::time_point begun = Clock::now();
    co_await tracer.close();
    EXPECT_LT(Clock::now() - begun, 2s);
    EXPECT_EQ(tracer.sent(), 0);
    EXPECT_EQ(tracer.dropped(), 5);
    co_await make_spans(tracer, 1);
    EXPECT_EQ(tracer.dropped(), 6) << "after close()";
  });
}

TEST(Export, SendsHeadersAndResourceAttributes) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    Tracer tracer{{.collector = "http://" + target,
                   .headers = {{"x-api-key", "secret"}},
                   .compression = Compression::kGzip,
                   .service_name = "users",
                   .resource = {{"deployment.environment.name", "production"}, {"service.name", "not this one"}}}};
    co_await make_spans(tracer, 1);
    co_await tracer.close();
    EXPECT_EQ(tracer.sent(), 1);
  });
  ASSERT_EQ(collector.metadata.size(), 1);
  EXPECT_EQ(collector.metadata[0]["x-api-key"], "secret");
  EXPECT_EQ(collector.resource["service.name"], "users");
  EXPECT_EQ(collector.resource["deployment.environment.name"], "production");
}

/// A message that all three signals' parsers accept.
std::vector<ExportItem> items_of(std::size_t count) {
  std::vector<ExportItem> items;
  items.push_back({.bytes = {}, .count = count});
  return items;
}

Task<void> close_sender(OtlpSender& sender) {
  const auto nothing = []() -> Task<void> { co_return; };
  co_await sender.close(nothing());
}

// The three signals share batches, retries and counts; what differs is where they are sent.
TEST(Export, SendsEachSignalToItsOwnServiceAndPath) {
  struct Case {
    const Signal& signal;
    OtlpProtocol protocol;
    std::string where;
  };
  static const std::vector<Case> kCases{
      {kTraces, OtlpProtocol::kGrpc, "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
      {kMetrics, OtlpProtocol::kGrpc, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"},
      {kLogs, OtlpProtocol::kGrpc, "/opentelemetry.proto.collector.logs.v1.LogsService/Export"},
      {kTraces, OtlpProtocol::kHttp, "/v1/traces"},
      {kMetrics, OtlpProtocol::kHttp, "/v1/metrics"},
      {kLogs, OtlpProtocol::kHttp, "/v1/logs"},
  };
  for (const Case& one : kCases) {
    Collector collector;
    collector.response.mutable_partial_success()->set_rejected(2);
    with_collector(collector, [&one](Collector& its_collector, const std::string& target) -> Task<void> {
      // First refused for now, then accepted in part.
      its_collector.refusals.push_back(asks_for(StatusCode::kResourceExhausted, 1ms));
      rest::Response busy{503, "text/plain", "busy"};
      busy.fields.add("retry-after", "0");
      its_collector.http_refusals.push_back(std::move(busy));
      OtlpOptions options;
      options.protocol = one.protocol;
      options.collector = "http://" + target + (one.protocol == OtlpProtocol::kHttp ? one.where : "");
      OtlpSender sender{options, one.signal};
      const bool accepted = co_await sender.send(items_of(5));
      EXPECT_TRUE(accepted) << one.where;
      EXPECT_EQ(sender.sent(), 3) << one.where;
      EXPECT_EQ(sender.dropped(), 2) << one.where;
      co_await close_sender(sender);
    });
    EXPECT_EQ(collector.methods, (std::vector<std::string>{one.where, one.where}));
  }
}

TEST(Export, LogsWhatItLosesOnceForEachSignal) {
  for (const Signal* signal : {&kTraces, &kMetrics, &kLogs}) {
    test::CapturedLog log;
    Collector collector;
    with_collector(collector, [signal](Collector& its_collector, const std::string& target) -> Task<void> {
      for (int i = 0; i < 3; ++i) its_collector.refusals.emplace_back(StatusCode::kInvalidArgument, "a\nb\xff");
      OtlpOptions options;
      options.collector = target;
      OtlpSender sender{options, *signal};
      for (int i = 0; i < 3; ++i) {
        const bool accepted = co_await sender.send(items_of(7));
        EXPECT_FALSE(accepted);
      }
      EXPECT_EQ(sender.dropped(), 21);
      co_await close_sender(sender);
    });
    const std::string line = std::string{signal->name} + ": 7 " + std::string{signal->items} + " are lost";
    EXPECT_EQ(log.count(line), 1) << log.text();
  }
}

class Tokens final : public CallCredentials {
 public:
  explicit Tokens(bool on_plaintext) : on_plaintext_(on_plaintext) {}
  Task<Metadata> metadata(CallTarget /*target*/) override {
    Metadata token;
    token.add("authorization", "Bearer " + std::to_string(++asked));
    co_return token;
  }
  [[nodiscard]] bool allowed_on_plaintext() const noexcept override { return on_plaintext_; }
  int asked = 0;

 private:
  bool on_plaintext_;
};

TEST(Export, AsksCredentialsForEachRequestAndKeepsThemFromPlaintext) {
  for (const OtlpProtocol protocol : {OtlpProtocol::kGrpc, OtlpProtocol::kHttp}) {
    for (const bool allowed : {true, false}) {
      Collector collector;
      Tokens tokens{allowed};
      with_collector(collector, [&](Collector& /*collector*/, const std::string& target) -> Task<void> {
        const std::string url = "http://" + target + (protocol == OtlpProtocol::kHttp ? "/v1/traces" : "");
        Tracer tracer{{.collector = url, .protocol = protocol, .credentials = &tokens}};
        co_await make_spans(tracer, 1);
        co_await tracer.close();
        EXPECT_EQ(tracer.sent(), allowed ? 1 : 0);
      });
      ASSERT_EQ(collector.metadata.size(), allowed ? 1 : 0);
      if (allowed) {
        EXPECT_EQ(collector.metadata[0]["authorization"], "Bearer 1");
      }
    }
  }
}

TEST(Export, SendsOverHttpToo) {
  for (const Compression compression : {Compression::kIdentity, Compression::kGzip}) {
    Collector collector;
    with_collector(collector, [compression](Collector& its_collector, const std::string& target) -> Task<void> {
      // Retry-After, then a body that says why.
      rest::Response busy{429, "text/plain", "busy"};
      busy.fields.add("retry-after", "0");
      its_collector.http_refusals.push_back(std::move(busy));
      Tracer tracer{{.collector = "http://" + target + "/v1/traces",
                     .protocol = OtlpProtocol::kHttp,
                     .headers = {{"x-api-key", "secret"}},
                     .compression = compression,
                     .send_every = 1h}};
      co_await make_spans(tracer, 3);
      co_await tracer.close();
      EXPECT_EQ(tracer.sent(), 3);
    });
    EXPECT_EQ(collector.attempts, 2);
    ASSERT_EQ(collector.metadata.size(), 2);
    EXPECT_EQ(collector.metadata[1]["content-type"], "application/x-protobuf");
    EXPECT_EQ(collector.metadata[1]["x-api-key"], "secret");
    EXPECT_EQ(collector.spans.size(), 3);
  }
}

// OTLP specification, "Retryable Response Codes".
TEST(Export, TriesAgainOnlyAfterStatusesThatOtlpCallsRetryable) {
  for (const unsigned status : {400U, 401U, 404U, 408U, 413U, 429U, 500U, 501U, 502U, 503U, 504U}) {
    const bool retryable = status == 429 || status == 502 || status == 503 || status == 504;
    Collector collector;
    with_collector(collector, [=](Collector& its_collector, const std::string& target) -> Task<void> {
      rest::Response refusal{status, "text/plain", "no"};
      refusal.fields.add("retry-after", "0");
      its_collector.http_refusals.push_back(std::move(refusal));
      Tracer tracer{{.collector = "http://" + target + "/v1/traces", .protocol = OtlpProtocol::kHttp}};
      co_await make_spans(tracer, 1);
      co_await tracer.close();
      EXPECT_EQ(tracer.sent(), retryable ? 1 : 0) << status;
    });
    EXPECT_EQ(collector.attempts, retryable ? 2 : 1) << status;
  }
}

TEST(Export, RejectsCollectorsAndHeadersThatCannotBeUsed) {
  const auto run = []() -> Task<void> {
    static const std::vector<TracerOptions> kWrong{
        {.collector = "ftp://collector"},
        {.collector = "localhost:4318", .protocol = OtlpProtocol::kHttp},
        {.collector = "localhost:4317", .headers = {{"x-key", "two\nlines"}}},
        {.collector = "localhost:4317", .headers = {{"no header", "x"}}},
        {.collector = "http://localhost:4318/", .protocol = OtlpProtocol::kHttp, .headers = {{"x-key", "two\nlines"}}},
    };
    for (const TracerOptions& options : kWrong) {
      EXPECT_THROW(Tracer{options}, std::invalid_argument) << options.collector;
    }
    co_return;
  };
  block_on(run());
}

TEST(ExportRetry, PausesLongerEachTimeAndGivesUp) {
  const Clock::time_point begun{};
  ExportRetry retry{10s};
  retry.begin(begun);
  Clock::time_point now = begun;
  std::vector<std::chrono::milliseconds> pauses;
  while (const auto next = retry.failed(now, true, std::nullopt, 1)) {
    pauses.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(*next - now));
    now = *next;
  }
  EXPECT_EQ(pauses, (std::vector<std::chrono::milliseconds>{500ms, 1000ms, 2000ms, 4000ms}));
  retry.begin(now);
  EXPECT_EQ(*retry.failed(now, true, std::nullopt, 0) - now, 250ms) << "from half of it on, and anew for each batch";
  EXPECT_FALSE(retry.failed(now, false, std::nullopt, 1)) << "never";
}

TEST(ExportRetry, DoesAsTheCollectorAsks) {
  const Clock::time_point now{};
  ExportRetry retry{10s};
  retry.begin(now);
  EXPECT_LE(retry.not_before(), now);
  EXPECT_EQ(retry.failed(now, true, 7s, 0.5), now + 7s);
  EXPECT_EQ(retry.not_before(), now + 7s);
  EXPECT_FALSE(retry.failed(now, true, 11s, 0.5)) << "longer than a batch is kept";
  EXPECT_EQ(retry.not_before(), now + 11s) << "the next batch waits as long";
  EXPECT_EQ(retry.failed(now, true, -3s, 0.5), now);
}

}  // namespace
}  // namespace tern::telemetry
