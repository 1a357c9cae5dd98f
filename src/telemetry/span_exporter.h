// SpanExporter: sends spans to a collector, some at a time (OTLP over gRPC).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "tern/client/channel.h"
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

  void add(otlp::Span span);
  /// Sends what waits, and ends. On its own loop.
  Task<void> close();

  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  Task<void> send_until_closed();
  [[nodiscard]] std::vector<otlp::Span> take_waiting();
  Task<void> send_waiting();
  /// False when the collector could not be asked.
  Task<bool> send(std::vector<otlp::Span> spans);

  Loop& home_;
  TracerOptions options_;
  Channel collector_;
  std::mutex mutex_;
  std::vector<otlp::Span> waiting_;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::shared_ptr<Event> enough_ = std::make_shared<Event>();  // other loops may set it when this is gone
  bool closing_ = false;
  bool told_ = false;  // of a collector that does not answer
  TaskGroup sending_;
};

}  // namespace tern::telemetry
