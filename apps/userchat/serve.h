// The servers: gRPC and REST in one process, on the same loops.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "tern/async/task.h"
#include "tern/server/inherited_sockets.h"
#include "user_rules.h"

namespace userchat {

struct ServeOptions {
  std::string grpc_address = "[::]:50051";
  std::string rest_address = "[::]:8000";
  /// "memory", or the path of an SQLite database (":memory:" too), or postgresql://…, or "host=… dbname=…".
  std::string database = "userchat.db";
  /// Connections to PostgreSQL, for each loop.
  std::size_t database_connections = 20;
  /// Plain handlers on a pool of workers in place of coroutines.
  bool synchronous = false;
  std::size_t workers = 10;
  std::uint32_t max_concurrent_streams = 1000;
  Delays delays;
  std::chrono::nanoseconds grace = std::chrono::seconds{5};
  /// How long the server still accepts calls after a signal to stop, while its health is NOT_SERVING.
  std::chrono::nanoseconds drain_delay = std::chrono::seconds{0};
  /// By then a process that replaces this one has to serve.
  std::chrono::nanoseconds restart_timeout = std::chrono::seconds{60};
  /// Pages of these origins may call over HTTP, besides the server's own; "*": all.
  std::vector<std::string> cors_origins;
  /// GET /metrics, for Prometheus.
  bool metrics = true;
  /// A file, or "-" for standard output; empty: none.
  std::string access_log;
  /// The collector of traces (OTLP over gRPC), or "environment" for OpenTelemetry's variables. Empty: traces are not
  /// sent.
  std::string trace_collector;
  /// The same for traces, metrics and the log's lines. Not beside trace_collector.
  std::string otlp_collector;
  /// The part of them that is recorded.
  double traces_sampled = 1;
};

/// Serves until SIGINT or SIGTERM, or until a new process has taken over (SIGUSR2). Listens on the sockets "grpc" and
/// "rest" of `inherited` where it has them, in place of the options' addresses.
tern::Task<void> serve(const ServeOptions& options, tern::InheritedSockets& inherited);

}  // namespace userchat
