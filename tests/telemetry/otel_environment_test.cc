// OpenTelemetry's environment variables, as the options of exporters.
#include "telemetry/otel_environment.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/captured_log.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string>;

Environment lookup_in(const Variables& variables) {
  return [&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}
OtlpOptions options_of(const Variables& variables) { return tracer_options_of(lookup_in(variables)); }
OtlpOptions metric_options(const Variables& variables) { return metric_options_of(lookup_in(variables)); }
OtlpOptions log_options(const Variables& variables) { return log_options_of(lookup_in(variables)); }

TEST(OtelEnvironment, HasTheSpecificationsDefaults) {
  const OtlpOptions options = options_of({});
  EXPECT_EQ(options.collector, "http://localhost:4317");
  EXPECT_EQ(options.protocol, OtlpProtocol::kGrpc);
  EXPECT_EQ(options.timeout, 10s);
  EXPECT_EQ(options.send_every, 5s);
  EXPECT_EQ(options.most_at_once, 512);
  EXPECT_EQ(options.service_name, "unknown_service");
  EXPECT_EQ(options.sampled, 1);
  EXPECT_EQ(options.tls.get(), nullptr);
}

TEST(OtelEnvironment, FindsTheCollector) {
  struct Case {
    Variables variables;
    std::string collector;
  };
  const std::string all = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const std::string traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  const std::string protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
  const std::vector<Case> cases{
      {{{all, "http://c:4317"}}, "http://c:4317"},
      {{{all, "c:4317"}}, "https://c:4317"},
      {{{all, "c:4317"}, {"OTEL_EXPORTER_OTLP_INSECURE", "true"}}, "http://c:4317"},
      {{{all, "unix:/run/otel"}}, "unix:/run/otel"},
      {{{all, "http://c:1"}, {traces, "https://t:2"}}, "https://t:2"},
      {{{all, "  "}}, "http://localhost:4317"},
      {{{protocol, "http/protobuf"}}, "http://localhost:4318/v1/traces"},
      {{{protocol, "http/protobuf"}, {all, "https://c/otel"}}, "https://c/otel/v1/traces"},
      {{{protocol, "http/protobuf"}, {all, "https://c/otel/"}}, "https://c/otel/v1/traces"},
      {{{protocol, "http/protobuf"}, {all, "https://c"}, {traces, "https://t/own"}}, "https://t/own"},
      {{{"OTEL_TRACES_EXPORTER", "none"}}, ""},
      {{{"OTEL_SDK_DISABLED", "true"}, {all, "http://c:4317"}}, ""},
  };
  for (const Case& one : cases) EXPECT_EQ(options_of(one.variables).collector, one.collector);
}

TEST(OtelEnvironment, ReadsTheRest) {
  const OtlpOptions options = options_of({
      {"OTEL_EXPORTER_OTLP_HEADERS", "X-Api-Key=a%20b, other = c"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "3000"},
      {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1500"},
      {"OTEL_RESOURCE_ATTRIBUTES", "service.name=ignored,service.version=1%2C2"},
      {"OTEL_SERVICE_NAME", "users"},
      {"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
      {"OTEL_TRACES_SAMPLER_ARG", "0.25"},
      {"OTEL_BSP_SCHEDULE_DELAY", "100"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "50"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "80"},
  });
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(options.headers, (Pairs{{"x-api-key", "a b"}, {"other", "c"}}));
  EXPECT_EQ(options.compression, Compression::kGzip);
  EXPECT_EQ(options.timeout, 1500ms);
  EXPECT_EQ(options.resource, (Pairs{{"service.version", "1,2"}}));
  EXPECT_EQ(options.service_name, "users");
  EXPECT_EQ(options.sampled, 0.25);
  EXPECT_EQ(options.send_every, 100ms);
  EXPECT_EQ(options.most_waiting, 50);
  EXPECT_EQ(options.most_at_once, 50) << "a batch is not larger than the queue";
}

TEST(OtelEnvironment, LogsAndIgnoresWhatCannotBeUsed) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "carrier/pigeon"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "-1"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
      {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "no-value"},
      {"OTEL_RESOURCE_ATTRIBUTES", "=x"},
      {"OTEL_TRACES_EXPORTER", "zipkin"},
  };
  for (const auto& [name, value] : cases) {
    test::CapturedLog log;
    const OtlpOptions options = options_of({{name, value}});
    EXPECT_EQ(options.collector, "http://localhost:4317") << name;
    EXPECT_EQ(options.timeout, 10s);
    EXPECT_EQ(options.headers.size(), 0);
    EXPECT_NE(log.text().find(name), std::string::npos) << log.text();
  }
}

TEST(OtelEnvironment, SaysWhichCertificateItCannotRead) {
  try {
    static_cast<void>(options_of({{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"}}));
    ADD_FAILURE() << "read";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("/nowhere/ca.pem"), std::string::npos) << error.what();
  }
}

TEST(OtelEnvironment, HasEachSignalsDefaults) {
  const OtlpOptions metrics = metric_options({});
  EXPECT_EQ(metrics.collector, "http://localhost:4317");
  EXPECT_EQ(metrics.send_every, 60s);
  EXPECT_EQ(metrics.retry_for, 30s);
  const OtlpOptions logs = log_options({});
  EXPECT_EQ(logs.collector, "http://localhost:4317");
  EXPECT_EQ(logs.send_every, 1s);
}

TEST(OtelEnvironment, FindsEachSignalsCollector) {
  const std::string all = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const std::string protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
  const Variables http{{protocol, "http/protobuf"}, {all, "http://c/otel"}};
  EXPECT_EQ(metric_options(http).collector, "http://c/otel/v1/metrics");
  EXPECT_EQ(log_options(http).collector, "http://c/otel/v1/logs");

  const Variables own{{all, "http://c:1"},
                      {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:2"},
                      {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l/own"},
                      {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"},
                      {"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                      {"OTEL_EXPORTER_OTLP_LOGS_HEADERS", "b=2"}};
  EXPECT_EQ(options_of(own).collector, "http://c:1");
  EXPECT_EQ(metric_options(own).collector, "http://m:2");
  EXPECT_EQ(metric_options(own).protocol, OtlpProtocol::kGrpc);
  EXPECT_EQ(metric_options(own).headers.at(0).first, "a");
  EXPECT_EQ(log_options(own).collector, "http://l/own");
  EXPECT_EQ(log_options(own).protocol, OtlpProtocol::kHttp);
  EXPECT_EQ(log_options(own).headers.at(0).first, "b");

  EXPECT_EQ(metric_options({{"OTEL_METRICS_EXPORTER", "none"}}).collector, "");
  EXPECT_EQ(metric_options({{"OTEL_TRACES_EXPORTER", "none"}}).collector, "http://localhost:4317");
  EXPECT_EQ(log_options({{"OTEL_LOGS_EXPORTER", "none"}}).collector, "");
  EXPECT_EQ(log_options({{"OTEL_SDK_DISABLED", "true"}}).collector, "");
}

TEST(OtelEnvironment, ReadsEachSignalsOwnVariables) {
  const OtlpOptions metrics = metric_options({{"OTEL_METRIC_EXPORT_INTERVAL", "500"},
                                              {"OTEL_METRIC_EXPORT_TIMEOUT", "400"},
                                              {"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "300"}});
  EXPECT_EQ(metrics.send_every, 500ms);
  EXPECT_EQ(metrics.retry_for, 400ms);
  EXPECT_EQ(metrics.timeout, 300ms);
  const OtlpOptions logs = log_options({{"OTEL_BLRP_SCHEDULE_DELAY", "200"},
                                        {"OTEL_BLRP_EXPORT_TIMEOUT", "100"},
                                        {"OTEL_BLRP_MAX_QUEUE_SIZE", "20"},
                                        {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "10"}});
  EXPECT_EQ(logs.send_every, 200ms);
  EXPECT_EQ(logs.retry_for, 100ms);
  EXPECT_EQ(logs.most_waiting, 20);
  EXPECT_EQ(logs.most_at_once, 10);
}

TEST(OtelEnvironment, LogsTemporalitiesAndAggregationsThatAreNotThere) {
  struct Case {
    std::string name;
    std::string value;
    bool logged;
  };
  const std::string temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
  const std::string aggregation = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
  const std::vector<Case> cases{
      {temporality, "cumulative", false},
      {temporality, "Cumulative", false},
      {temporality, "delta", true},
      {temporality, "lowmemory", true},
      {aggregation, "explicit_bucket_histogram", false},
      {aggregation, "base2_exponential_bucket_histogram", true},
      {"OTEL_METRICS_EXPORTER", "prometheus", true},
      {"OTEL_METRIC_EXPORT_INTERVAL", "1m", true},
  };
  for (const Case& one : cases) {
    test::CapturedLog log;
    static_cast<void>(metric_options({{one.name, one.value}}));
    EXPECT_EQ(log.count(one.name), one.logged ? 1 : 0) << one.value << log.text();
  }
}

}  // namespace
}  // namespace tern::telemetry
