// SpanExporter: keeps spans that have ended and sends them to a collector, some at a time (OTLP over gRPC or HTTP).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "telemetry/export_retry.h"
#include "telemetry/export_transport.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "tern/otlp/trace.pb.h"
#include "tern/telemetry/tracer.h"

namespace tern::telemetry {

/// Lives on one loop; spans come from any.
class SpanExporter {
 public:
  explicit SpanExporter(const TracerOptions& options);
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;
  ~SpanExporter() = default;

  /// After close() the span counts as dropped.
  void add(otlp::Span span);
  /// Sends the spans that wait, and ends, within TracerOptions::close_timeout. On its own loop. A second call waits for
  /// the first.
  Task<void> close();

  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  enum class Logged { kNothing, kProblem, kLoss };
  /// Spans that are counted as dropped unless they were accepted.
  class Batch;

  Task<void> send_until_closed();
  /// Fills `request` with the spans of one batch, and returns how many they are.
  [[nodiscard]] std::size_t take_waiting(otlp::ExportRequest& request);
  /// Returns true if so many spans wait.
  [[nodiscard]] bool has_waiting(std::size_t spans);
  Task<void> send_waiting();
  /// Clears `all_accepted` when the collector does not accept the batch.
  Task<void> send_one(otlp::ExportRequest request, std::size_t spans, bool& all_accepted);
  /// False when the collector could not be asked.
  Task<bool> send(otlp::ExportRequest request, std::size_t spans);
  void note_accepted(Batch& batch, const std::string& response);
  void log_problem(std::size_t lost, const std::string& problem);
  Task<void> finish();
  void drop_waiting();

  Loop& home_;
  TracerOptions options_;
  otlp::Resource resource_;
  std::unique_ptr<ExportTransport> collector_;
  Clock::time_point not_before_;  // the collector has asked for a pause until then
  std::mutex mutex_;
  std::deque<otlp::Span> waiting_;
  bool closed_ = false;  // under mutex_
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::shared_ptr<Event> enough_ = std::make_shared<Event>();  // other loops may set it when this is gone
  Event closing_;
  Event finished_;
  Logged logged_ = Logged::kNothing;  // since the collector accepted spans without a word
  TaskGroup sending_;                 // the last member: it uses the others
};

}  // namespace tern::telemetry
