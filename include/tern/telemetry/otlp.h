// OtlpOptions: where spans, metrics and log records are sent, and how (OTLP over gRPC or HTTP: OpenTelemetry's
// collector, Jaeger, Tempo, and most services that sell telemetry). Tracer, MetricExporter and LogExporter take the
// same options.
//
//   const tern::telemetry::OtlpOptions otlp{.collector = "localhost:4317", .service_name = "users"};
//   tern::telemetry::Tracer tracer{otlp};
//   tern::telemetry::MetricExporter metric_exporter{metrics, otlp};
//   tern::telemetry::LogExporter log_exporter{otlp};
//
// Or as OpenTelemetry's environment variables say, each signal by its own: tracer_options_from_environment() and its
// neighbours, below.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tern/api.h"
#include "tern/client/call_credentials.h"
#include "tern/detail/shared_or_borrowed.h"
#include "tern/rpc/compression.h"
#include "tern/transport/tls.h"

namespace tern::telemetry {

/// How telemetry travels (OTLP specification, "OTLP/gRPC" and "OTLP/HTTP").
enum class OtlpProtocol {
  kGrpc,
  /// Protobuf in the body of a POST.
  kHttp,
};

struct OtlpOptions {
  /// The collector. For kGrpc a target as Channel takes it ("localhost:4317"), or a URL ("https://host:4317"); a URL's
  /// scheme decides about TLS. For kHttp the URL that is posted to: "http://localhost:4318/v1/traces", or "/v1/metrics"
  /// or "/v1/logs". Empty: nothing is sent; a tracer carries traces on all the same.
  std::string collector = {};
  OtlpProtocol protocol = OtlpProtocol::kGrpc;
  /// For the collector: borrowed, and then it must outlive the exporter, or shared. Default: null, which is the
  /// system's authorities for a URL with "https", and plaintext for a target without a scheme.
  tern::detail::SharedOrBorrowed<ClientTls> tls = nullptr;
  /// Sent along with each request: names in lower case, and values of printable ASCII (an API key).
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Asked for metadata before each request, for tokens that expire: borrowed, and then they must outlive the exporter,
  /// or shared. Their metadata is sent as fields over HTTP too. Default: null, none.
  tern::detail::SharedOrBorrowed<CallCredentials> credentials = nullptr;
  /// How requests are compressed: kIdentity or kGzip.
  Compression compression = Compression::kIdentity;
  /// The limit for one attempt to send a batch.
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  /// A batch that the collector does not accept for now is sent again, with growing pauses or the collector's own
  /// (RetryInfo, Retry-After), for this long. Then it is dropped.
  std::chrono::nanoseconds retry_for = std::chrono::minutes{1};
  /// The limit for close().
  std::chrono::nanoseconds close_timeout = std::chrono::seconds{2};
  /// The resource's service.name.
  std::string service_name = "tern";
  /// More attributes of the resource: {"deployment.environment.name", "production"}.
  std::vector<std::pair<std::string, std::string>> resource = {};
  /// The part of the traces beginning here that is recorded, from 0 to 1. A trace of another process is recorded as its
  /// traceparent says. Metrics and log records do not use it.
  double sampled = 1;
  /// Spans and log records are sent together, this often, or when there are enough. Metrics are read and sent this
  /// often. Default: 5 s for spans, 1 s for log records, 60 s for metrics.
  std::optional<std::chrono::nanoseconds> send_every = {};
  /// The most spans or log records in one batch. Default: 512, as in OpenTelemetry. Lower it for collectors that accept
  /// short requests only.
  std::size_t most_at_once = 512;
  /// The most spans or log records that wait, and the most bytes of them. Further ones are dropped and counted.
  /// Defaults: 8,192 and 16 MiB. Raise them where drops are reported.
  std::size_t most_waiting = 8192;
  std::size_t most_waiting_bytes = std::size_t{16} * 1024 * 1024;
};

/// Returns the options for spans that the process's environment asks for (OpenTelemetry's specifications "Environment
/// Variable Specification" and "OpenTelemetry Protocol Exporter"):
/// OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER (otlp, none), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
/// OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_EXPORT_TIMEOUT,
/// OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_MAX_EXPORT_BATCH_SIZE, and of OTEL_EXPORTER_OTLP_… and
/// OTEL_EXPORTER_OTLP_TRACES_…, which comes first: ENDPOINT, PROTOCOL (grpc, http/protobuf), HEADERS, COMPRESSION,
/// TIMEOUT, INSECURE, CERTIFICATE, CLIENT_CERTIFICATE and CLIENT_KEY. Without an endpoint the collector is
/// http://localhost:4317, or http://localhost:4318 over HTTP. A value that cannot be used is logged and ignored, as the
/// specification says; a certificate that cannot be read throws std::runtime_error.
[[nodiscard]] TERN_API OtlpOptions tracer_options_from_environment();

/// The same for metrics: OTEL_METRICS_EXPORTER, OTEL_EXPORTER_OTLP_METRICS_…, OTEL_METRIC_EXPORT_INTERVAL (default 60
/// s), OTEL_METRIC_EXPORT_TIMEOUT (default 30 s: how long one export is tried). Temporality is cumulative and
/// histograms have explicit buckets: other values of OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE and
/// OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION are logged and ignored.
[[nodiscard]] TERN_API OtlpOptions metric_options_from_environment();

/// The same for log records: OTEL_LOGS_EXPORTER, OTEL_EXPORTER_OTLP_LOGS_…, OTEL_BLRP_SCHEDULE_DELAY (default 1 s),
/// OTEL_BLRP_EXPORT_TIMEOUT, OTEL_BLRP_MAX_QUEUE_SIZE, OTEL_BLRP_MAX_EXPORT_BATCH_SIZE.
[[nodiscard]] TERN_API OtlpOptions log_options_from_environment();

}  // namespace tern::telemetry
