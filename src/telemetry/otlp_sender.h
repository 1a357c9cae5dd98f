// OtlpSender: sends one signal's items to a collector, in batches, and says what became of each. Spans, metrics
// and log records share it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "telemetry/export_transport.h"
#include "telemetry/signal.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/otlp/common.pb.h"
#include "tern/telemetry/otlp.h"

namespace tern::telemetry {

/// Collectors accept 4 MiB for a request (OTLP specification, "OTLP/gRPC Request"); this leaves room for the resource.
inline constexpr std::size_t kMostBatchBytes = std::size_t{3} * 1024 * 1024;

/// One serialised message (a Span, Metric or LogRecord).
struct ExportItem {
  std::string bytes;
  /// How many it counts as: a metric's data points.
  std::size_t count = 1;
};

/// Marks the calling job and the jobs that it starts as an exporter's. Their log lines do not become log records:
/// each failed export would cause the next.
void mark_as_exporting() noexcept;
/// True where the code that runs now belongs to an exporter. Any thread.
[[nodiscard]] bool is_exporting() noexcept;

/// Lives on one loop.
class OtlpSender {
 public:
  /// `signal` must outlive the sender. Throws std::invalid_argument for a collector that cannot be used, and
  /// std::logic_error outside of a loop.
  OtlpSender(const OtlpOptions& options, const Signal& signal);
  OtlpSender(const OtlpSender&) = delete;
  OtlpSender& operator=(const OtlpSender&) = delete;
  ~OtlpSender() = default;

  /// Sends the items as one request, which is tried again as ExportRetry says. Several may be under way. Returns false
  /// when the collector did not accept it. Once closing() is set, it is tried twice, and again where the collector asks
  /// for a pause.
  Task<bool> send(std::vector<ExportItem> items);

  /// Sets closing(), awaits `last` within OtlpOptions::close_timeout, and closes the connections. A second call waits
  /// for the first and drops its `last`.
  Task<void> close(Task<void> last);
  [[nodiscard]] Event& closing() noexcept { return closing_; }

  /// Items that were never sent. Any thread.
  void count_dropped(std::size_t items) noexcept { dropped_.fetch_add(items, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

  [[nodiscard]] const OtlpOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Signal& signal() const noexcept { return signal_; }
  [[nodiscard]] Loop& loop() const noexcept { return home_; }

 private:
  enum class Logged { kNothing, kProblem, kLoss };
  /// Items that are counted as dropped unless they were accepted.
  class Batch;

  void note_accepted(Batch& batch, const std::string& bytes);
  void log_problem(std::size_t lost, const std::string& problem);

  Loop& home_;
  const Signal& signal_;
  OtlpOptions options_;
  otlp::Resource resource_;
  std::unique_ptr<ExportTransport> collector_;
  Clock::time_point not_before_;  // the collector has asked for a pause until then
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  Event closing_;
  Event finished_;
  Logged logged_ = Logged::kNothing;  // since the collector accepted items without a word
};

}  // namespace tern::telemetry
