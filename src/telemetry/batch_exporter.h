// BatchExporter: keeps spans that have ended, or lines that were logged, and sends some at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "telemetry/otlp_sender.h"
#include "tern/async/task_group.h"

namespace tern::telemetry {

/// Lives on one loop; items come from any thread.
class BatchExporter {
 public:
  /// `send_every`: where the options have none.
  BatchExporter(const OtlpOptions& options, const Signal& signal, std::chrono::nanoseconds send_every);
  BatchExporter(const BatchExporter&) = delete;
  BatchExporter& operator=(const BatchExporter&) = delete;
  ~BatchExporter() = default;

  /// Adds a serialised item. It counts as dropped after close(), and where as many wait as may. Waits for nothing.
  void add(std::string bytes);
  /// Sends the items that wait, and ends, within OtlpOptions::close_timeout. On its own loop. A second call waits for
  /// the first.
  Task<void> close();

  [[nodiscard]] std::uint64_t sent() const noexcept { return sender_.sent(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return sender_.dropped(); }

 private:
  Task<void> send_until_closed();
  [[nodiscard]] std::vector<ExportItem> take_waiting();
  /// Returns true if so many items wait.
  [[nodiscard]] bool has_waiting(std::size_t items);
  Task<void> send_waiting();
  /// Clears `all_accepted` when the collector does not accept the batch.
  Task<void> send_one(std::vector<ExportItem> items, bool& all_accepted);
  /// Logs how many items found no place, once a minute at most and at the end.
  void log_overflow();
  Task<void> finish();
  void drop_waiting();

  OtlpSender sender_;
  std::chrono::nanoseconds send_every_;
  std::mutex mutex_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t overflowed_ = 0;  // since it was logged
  bool closed_ = false;           // these under mutex_
  Clock::time_point log_overflow_at_;
  std::shared_ptr<Event> enough_ = std::make_shared<Event>();  // other loops may set it when this is gone
  TaskGroup sending_;                                          // the last member: it uses the others
};

}  // namespace tern::telemetry
