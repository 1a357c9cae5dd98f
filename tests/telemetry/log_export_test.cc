// Log records by OTLP: what becomes of lines of spdlog, from several threads, when the collector takes them and when it
// does not.
#include "tern/telemetry/log_exporter.h"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "async/run_on_loops.h"
#include "support/captured_log.h"
#include "telemetry/collector.h"
#include "tern/telemetry/spdlog_sink.h"
#include "tern/telemetry/tracer.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using test::asks_for;
using test::attribute_of;
using test::Collector;
using test::Order;
using test::Payload;
using test::ProbeStub;
using test::with_collector;

/// A logger whose lines go to the exporter alone.
std::shared_ptr<spdlog::logger> logger_to(const LogExporter& exporter) {
  auto logger = std::make_shared<spdlog::logger>("orders", exporter.sink());
  logger->set_level(spdlog::level::trace);
  return logger;
}

std::multiset<std::string> bodies_of(const Collector& collector) {
  std::multiset<std::string> bodies;
  for (const otlp::LogRecord& record : collector.records) bodies.insert(record.body().string_value());
  return bodies;
}

// OpenTelemetry's log data model, "Mapping of SeverityNumber".
TEST(LogExport, SendsSeverityTimeBodyAndAttributes) {
  struct Case {
    spdlog::level::level_enum level;
    int number;
    std::string text;
  };
  const std::vector<Case> cases{
      {spdlog::level::trace, 1, "trace"}, {spdlog::level::debug, 5, "debug"},
      {spdlog::level::info, 9, "info"},   {spdlog::level::warn, 13, "warning"},
      {spdlog::level::err, 17, "error"},  {spdlog::level::critical, 21, "critical"},
  };
  Collector collector;
  const auto before = std::chrono::system_clock::now();
  with_collector(collector, [&cases](Collector& /*collector*/, const std::string& target) -> Task<void> {
    LogExporter exporter{{.collector = target, .service_name = "users", .send_every = 1h}};
    const auto logger = logger_to(exporter);
    for (const Case& one : cases) logger->log(spdlog::source_loc{"orders.cc", 42, "place"}, one.level, "line {}", 7);
    co_await exporter.close();
    EXPECT_EQ(exporter.sent(), cases.size());
    EXPECT_EQ(exporter.dropped(), 0);
  });
  EXPECT_EQ(collector.resource["service.name"], "users");
  ASSERT_EQ(collector.records.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const otlp::LogRecord& record = collector.records[i];
    EXPECT_EQ(record.severity_number(), cases[i].number);
    EXPECT_EQ(record.severity_text(), cases[i].text);
    EXPECT_EQ(record.body().string_value(), "line 7");
    EXPECT_EQ(attribute_of(record, "logger.name"), "orders");
    EXPECT_FALSE(attribute_of(record, "thread.id").empty());
    EXPECT_EQ(attribute_of(record, "code.file.path"), "orders.cc");
    EXPECT_EQ(attribute_of(record, "code.line.number"), "42");
    EXPECT_EQ(attribute_of(record, "code.function.name"), "place");
    EXPECT_GE(record.time_unix_nano(),
              static_cast<std::uint64_t>(std::chrono::nanoseconds{before.time_since_epoch()}.count()));
    EXPECT_LE(record.time_unix_nano(), record.observed_time_unix_nano());
    EXPECT_TRUE(record.trace_id().empty());
    EXPECT_EQ(record.flags(), 0);
  }
}

/// Logs while it works for a call.
class Logging final : public tern::test::v1::Probe::AsyncService {
 public:
  explicit Logging(spdlog::logger& logger) : logger_(logger) {}
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    logger_.info("before");
    co_await sleep(1ms);
    logger_.info("after");
    co_return test::answer(order, 0);
  }

 private:
  spdlog::logger& logger_;
};

TEST(LogExport, NamesTheTraceAndSpanOfTheCallThatLogs) {
  for (const bool sampled : {true, false}) {
    Collector collector;
    with_collector(collector, [sampled](Collector& /*collector*/, const std::string& target) -> Task<void> {
      Tracer tracer{{.collector = target, .sampled = 0, .send_every = 1h}};
      LogExporter exporter{{.collector = target, .send_every = 1h}};
      const auto logger = logger_to(exporter);
      Logging service{*logger};
      Server server;
      server.add_service(service);
      server.add_observer(tracer);
      Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
      Metadata metadata;
      const std::string flags = sampled ? "-01" : "-00";
      metadata.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331" + flags);
      co_await ProbeStub{channel}.Unary(Order{}, {.metadata = &metadata});
      logger->info("outside");
      co_await channel.close();
      co_await server.stop();
      co_await exporter.close();
      co_await tracer.close();
    });
    ASSERT_EQ(collector.records.size(), 3);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(test::hex(collector.records[i].trace_id()), "0af7651916cd43dd8448eb211c80319c");
      EXPECT_EQ(collector.records[i].span_id().size(), 8);
      EXPECT_EQ(collector.records[i].flags(), sampled ? 1 : 0);
      if (sampled) {
        EXPECT_EQ(collector.records[i].span_id(), collector.spans.at(0).span_id());
      }
    }
    EXPECT_TRUE(collector.records[2].trace_id().empty());
  }
}

TEST(LogExport, LosesNoBatchToBytesThatAreNotUtf8) {
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    LogExporter exporter{{.collector = target, .send_every = 1h}};
    const auto logger = logger_to(exporter);
    logger->info("honest");
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    logger->info("{}", bytes);
    logger->info("\xC0\x80 \xED\xA0\x80 \xF5\x80\x80\x80 cut \xE2\x82");
    logger->info("{}", std::string(1 << 20, '\xFF'));
    spdlog::logger odd{"odd \xff name", exporter.sink()};
    odd.info("of an odd logger");
    logger->info("");
    co_await exporter.close();
    EXPECT_EQ(exporter.sent(), 6);
    EXPECT_EQ(exporter.dropped(), 0);
  });
  EXPECT_EQ(collector.rejected, 0);
  EXPECT_TRUE(bodies_of(collector).contains("honest"));
  for (const otlp::LogRecord& record : collector.records) EXPECT_LE(record.body().string_value().size(), 16U << 10);
}

TEST(LogExport, TakesLinesOfAllLoopsAndOfOtherThreads) {
  constexpr std::size_t kLoops = 3;
  constexpr int kEach = 500;
  Collector collector;
  with_collector(
      collector,
      [](Collector& /*collector*/, const std::string& target) -> Task<void> {
        LogExporter exporter{{.collector = target, .most_at_once = 100}};
        const auto logger = logger_to(exporter);
        const auto log = [logger](const std::string& who) {
          for (int i = 0; i < kEach; ++i) logger->info("{} {}", who, i);
        };
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i) threads.emplace_back(log, "thread " + std::to_string(i));
        const auto siblings = Loop::require_current("a test").siblings();
        std::vector<Loop*> loops{siblings.begin(), siblings.end()};
        std::function<void(std::size_t)> on_loop = [log](std::size_t i) { log("loop " + std::to_string(i)); };
        co_await run_on_loops(std::move(loops), std::move(on_loop));
        co_await run_in_executor([&threads] { threads.clear(); });
        co_await exporter.close();
        EXPECT_EQ(exporter.sent(), kEach * (kLoops + 2));
        EXPECT_EQ(exporter.dropped(), 0);
      },
      kLoops);
  const std::multiset<std::string> bodies = bodies_of(collector);
  EXPECT_EQ(bodies.size(), kEach * (kLoops + 2));
  for (const char* who : {"thread 0", "thread 1", "loop 0", "loop 1", "loop 2"}) {
    for (int i = 0; i < kEach; ++i) EXPECT_EQ(bodies.count(std::string{who} + " " + std::to_string(i)), 1);
  }
  EXPECT_GT(collector.batches, 5);
}

// Neither lines nor their bytes may fill the memory while a collector hangs.
TEST(LogExport, DropsAndSaysSoWhenTheCollectorHangs) {
  struct Case {
    std::size_t most_waiting;
    std::size_t most_waiting_bytes;
    std::size_t line;
  };
  for (const Case& one : {Case{10, 1 << 20, 1}, Case{10'000, 100'000, 10'000}}) {
    test::CapturedLog log;
    Collector collector;
    collector.silent = true;
    with_collector(collector, [one](Collector& /*collector*/, const std::string& target) -> Task<void> {
      LogExporter exporter{{.collector = target,
                            .close_timeout = 200ms,
                            .send_every = 1ms,
                            .most_at_once = 5,
                            .most_waiting = one.most_waiting,
                            .most_waiting_bytes = one.most_waiting_bytes}};
      const auto logger = logger_to(exporter);
      for (int i = 0; i < 100; ++i) logger->info("{}", std::string(one.line, 'x'));
      EXPECT_GE(exporter.dropped(), 90);
      const Clock::time_point begun = Clock::now();
      co_await exporter.close();
      EXPECT_LT(Clock::now() - begun, 2s);
      EXPECT_EQ(exporter.dropped(), 100);
    });
  }
}

TEST(LogExport, SaysHowManyLinesFoundNoPlace) {
  test::CapturedLog log;
  Collector collector;
  with_collector(collector, [](Collector& /*collector*/, const std::string& target) -> Task<void> {
    LogExporter exporter{{.collector = target, .send_every = 1h, .most_waiting = 10}};
    const auto logger = logger_to(exporter);
    for (int i = 0; i < 100; ++i) logger->info("{}", i);
    co_await exporter.close();
    EXPECT_EQ(exporter.sent(), 10);
    EXPECT_EQ(exporter.dropped(), 90);
  });
  EXPECT_EQ(log.count("logs: 90 log records are lost"), 1) << log.text();
}

// Each line about a failed export would otherwise be the next export's, for ever.
TEST(LogExport, LeavesOutWhatItLogsAboutItself) {
  Collector collector;
  std::atomic<int> own_lines = 0;
  LogSink before = set_log_sink([&own_lines, next = spdlog_sink()](const LogRecord& record) {
    if (record.text.find("the collector at") != std::string_view::npos) ++own_lines;
    next(record);
  });
  with_collector(collector, [](Collector& its_collector, const std::string& target) -> Task<void> {
    LogExporter exporter{{.collector = target, .send_every = 1ms}};
    const auto both = spdlog::default_logger();
    both->sinks().push_back(exporter.sink());
    its_collector.refusals.emplace_back(StatusCode::kInvalidArgument, "no");
    its_collector.refusals.push_back(asks_for(StatusCode::kUnavailable, 1ms));
    spdlog::info("lost");
    while (its_collector.attempts == 0) co_await sleep(1ms);
    spdlog::info("kept");
    co_await its_collector.accepted(1);
    co_await exporter.close();
    EXPECT_EQ(exporter.dropped(), 1);
    EXPECT_EQ(exporter.sent(), 1);
    both->sinks().pop_back();
  });
  set_log_sink(std::move(before));
  EXPECT_EQ(bodies_of(collector), (std::multiset<std::string>{"kept"}));
  EXPECT_EQ(own_lines, 1);
}

TEST(LogExport, SendsWhatWaitedWhenTheCollectorComesBack) {
  const auto run = []() -> Task<void> {
    Collector collector;
    std::string target;
    {
      Server server;
      server.set_generic_service(collector);
      target = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"));
      co_await server.stop();
    }
    LogExporter exporter{{.collector = target, .send_every = 1ms}};
    const auto logger = logger_to(exporter);
    logger->info("while it was away");
    test::CapturedLog log;
    while (log.count("logs: the collector at") == 0) co_await sleep(1ms);
    Server server;
    server.set_generic_service(collector);
    server.listen(target);
    co_await collector.accepted(1);
    co_await exporter.close();
    EXPECT_EQ(exporter.sent(), 1);
    EXPECT_EQ(exporter.dropped(), 0);
    co_await server.stop();
  };
  block_on(run());
}

TEST(LogExport, DropsLinesAfterItsEnd) {
  Collector collector;
  with_collector(collector, [](Collector& its_collector, const std::string& target) -> Task<void> {
    std::shared_ptr<spdlog::logger> logger;
    {
      LogExporter exporter{{.collector = target, .send_every = 1h}};
      logger = logger_to(exporter);
      co_await exporter.close();
      logger->info("after close()");
      EXPECT_EQ(exporter.dropped(), 1);
    }
    logger->info("after the exporter");
    logger->flush();
    EXPECT_EQ(its_collector.attempts, 0);
    const LogExporter nowhere{{}};
    logger_to(nowhere)->info("nowhere");
  });
}

}  // namespace
}  // namespace tern::telemetry
