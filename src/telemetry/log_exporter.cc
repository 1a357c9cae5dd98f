#include "tern/telemetry/log_exporter.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/sink.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "rpc/job_trace.h"
#include "telemetry/attributes.h"
#include "telemetry/batch_exporter.h"
#include "tern/async/job.h"
#include "tern/otlp/logs.pb.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

namespace {

constexpr std::chrono::seconds kSendRecordsEvery{1};
/// The longest body of a record, in bytes.
constexpr std::size_t kLongestBody = std::size_t{16} * 1024;

/// OpenTelemetry's log data model, "Mapping of SeverityNumber".
int severity_of(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace:
      return 1;
    case spdlog::level::debug:
      return 5;
    case spdlog::level::info:
      return 9;
    case spdlog::level::warn:
      return 13;
    case spdlog::level::err:
      return 17;
    case spdlog::level::critical:
      return 21;
    default:
      return 0;
  }
}

void set_trace(otlp::LogRecord& record) {
  const Job* job = Job::current();
  const TraceContext* trace = job != nullptr ? rpc::trace_of(*job) : nullptr;
  if (trace == nullptr) return;
  record.set_trace_id(bytes_of(trace->trace_id()));
  record.set_span_id(bytes_of(trace->span_id()));
  record.set_flags(trace->sampled() ? 1 : 0);
}

std::string_view view_of(spdlog::string_view_t text) noexcept { return {text.data(), text.size()}; }

otlp::LogRecord record_of(const spdlog::details::log_msg& line) {
  otlp::LogRecord record;
  record.set_time_unix_nano(unix_nanoseconds(line.time));
  record.set_observed_time_unix_nano(unix_nanoseconds(std::chrono::system_clock::now()));
  record.set_severity_number(severity_of(line.level));
  record.set_severity_text(attribute_text(view_of(spdlog::level::to_string_view(line.level))));
  record.mutable_body()->set_string_value(text::valid_utf8(view_of(line.payload), kLongestBody));
  if (line.logger_name.size() > 0) add_attribute(record, "logger.name", view_of(line.logger_name));
  add_attribute(record, "thread.id", static_cast<std::int64_t>(line.thread_id));
  if (line.source.filename != nullptr && line.source.line > 0) {
    add_attribute(record, "code.file.path", line.source.filename);
    add_attribute(record, "code.line.number", std::int64_t{line.source.line});
    if (line.source.funcname != nullptr) add_attribute(record, "code.function.name", line.source.funcname);
  }
  set_trace(record);
  return record;
}

/// Loggers may keep it when the exporter is gone.
class Sink final : public spdlog::sinks::sink {
 public:
  /// Null: lines go nowhere.
  explicit Sink(BatchExporter* exporter) : exporter_(exporter) {}

  void log(const spdlog::details::log_msg& line) override {
    if (is_exporting()) return;
    std::string bytes = record_of(line).SerializeAsString();
    const std::lock_guard lock{mutex_};
    if (exporter_ != nullptr) exporter_->add(std::move(bytes));
  }
  /// Records leave by themselves: a logger's flush must not wait for a collector.
  void flush() override {}
  /// A record has the parts that a pattern would write.
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

  void detach() {
    const std::lock_guard lock{mutex_};
    exporter_ = nullptr;
  }

 private:
  std::mutex mutex_;
  BatchExporter* exporter_;  // under mutex_
};

}  // namespace

class LogExporter::Core {
 public:
  explicit Core(const OtlpOptions& options) {
    if (!options.collector.empty()) exporter.emplace(options, kLogs, kSendRecordsEvery);
    sink = std::make_shared<Sink>(exporter ? &*exporter : nullptr);
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() { sink->detach(); }

  std::optional<BatchExporter> exporter;
  std::shared_ptr<Sink> sink;
};

LogExporter::LogExporter(const OtlpOptions& options) : core_(std::make_unique<Core>(options)) {}
LogExporter::~LogExporter() = default;

std::shared_ptr<spdlog::sinks::sink> LogExporter::sink() const { return core_->sink; }

Task<void> LogExporter::close() {
  if (core_->exporter) co_await core_->exporter->close();
}

std::uint64_t LogExporter::sent() const noexcept { return core_->exporter ? core_->exporter->sent() : 0; }
std::uint64_t LogExporter::dropped() const noexcept { return core_->exporter ? core_->exporter->dropped() : 0; }

}  // namespace tern::telemetry
