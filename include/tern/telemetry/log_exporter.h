// LogExporter: sends the lines of spdlog's loggers to a collector as log records (OTLP).
//
//   tern::telemetry::LogExporter exporter{{.collector = "localhost:4317", .service_name = "users"}};
//   auto sinks = std::make_shared<spdlog::sinks::dist_sink_mt>();  // of the default logger, set before the loops start
//   …
//   sinks->add_sink(exporter.sink());
//   …
//   co_await exporter.close();
#pragma once

#include <cstdint>
#include <memory>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/telemetry/otlp.h"

namespace spdlog::sinks {
class sink;  // NOLINT(readability-identifier-naming): spdlog's name
}

namespace tern::telemetry {

/// Lives on the loop that it is made on. A line that is logged while a traced call or request is served has its trace
/// and span. Its text becomes valid UTF-8 (U+FFFD for each byte that is not)
/// and is cut at 16 KiB.
class TERN_API LogExporter {
 public:
  /// Throws std::invalid_argument for a collector that is not a target or URL, and for headers that cannot be sent.
  explicit LogExporter(const OtlpOptions& options);
  LogExporter(const LogExporter&) = delete;
  LogExporter& operator=(const LogExporter&) = delete;
  ~LogExporter();

  /// The sink, for any number of loggers of any thread. It never waits for the collector: a line is added to a queue,
  /// or dropped where OtlpOptions::most_waiting lines wait. Lines about the export itself (a collector that does not
  /// answer) are left out, so that none causes the next; other sinks have them. May outlive the exporter.
  [[nodiscard]] std::shared_ptr<spdlog::sinks::sink> sink() const;

  /// Sends the lines that wait, and no more after that. Returns within OtlpOptions::close_timeout, whatever the
  /// collector does.
  Task<void> close();

  /// Log records that the collector has accepted. Any thread.
  [[nodiscard]] std::uint64_t sent() const noexcept;
  /// Log records that the collector has not accepted, and lines that found the queue full. Any thread.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry
