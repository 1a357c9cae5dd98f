// The three signals of OTLP: what they are called, and where a collector takes them.
#pragma once

#include <string_view>

namespace tern::telemetry {

struct Signal {
  /// Begins a line of the log.
  std::string_view name;
  std::string_view items;
  /// The method of OTLP/gRPC.
  std::string_view method;
  /// The path of OTLP/HTTP, below a collector's URL.
  std::string_view path;
  /// Within the environment's variables: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT".
  std::string_view variable;
};

inline constexpr Signal kTraces{.name = "traces",
                                .items = "spans",
                                .method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                .path = "v1/traces",
                                .variable = "TRACES"};
inline constexpr Signal kMetrics{.name = "metrics",
                                 .items = "data points",
                                 .method = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                                 .path = "v1/metrics",
                                 .variable = "METRICS"};
inline constexpr Signal kLogs{.name = "logs",
                              .items = "log records",
                              .method = "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                              .path = "v1/logs",
                              .variable = "LOGS"};

}  // namespace tern::telemetry
