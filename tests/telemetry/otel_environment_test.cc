// OpenTelemetry's environment variables, as a tracer's options.
#include "telemetry/otel_environment.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/captured_log.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string>;

TracerOptions options_of(const Variables& variables) {
  return tracer_options_of([&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(OtelEnvironment, HasTheSpecificationsDefaults) {
  const TracerOptions options = options_of({});
  EXPECT_EQ(options.collector, "http://localhost:4317");
  EXPECT_EQ(options.protocol, OtlpProtocol::kGrpc);
  EXPECT_EQ(options.timeout, 10s);
  EXPECT_EQ(options.send_every, 5s);
  EXPECT_EQ(options.most_at_once, 512);
  EXPECT_EQ(options.service_name, "unknown_service");
  EXPECT_EQ(options.sampled, 1);
  EXPECT_EQ(options.own_tls, nullptr);
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
  const TracerOptions options = options_of({
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
    const TracerOptions options = options_of({{name, value}});
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

}  // namespace
}  // namespace tern::telemetry
