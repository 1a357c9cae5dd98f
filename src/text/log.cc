#include "text/log.h"

#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace tern {

namespace {

std::atomic<LogLevel> least_level = LogLevel::kInfo;

// Shared, so that a sink that is replaced stays until its last call has returned.
struct CurrentSink {
  std::mutex mutex;
  std::shared_ptr<const LogSink> sink;
};

// Never destroyed: threads may log while the process ends.
CurrentSink& current() {
  static auto* const kCurrent = new CurrentSink;
  return *kCurrent;
}

void write_to_stderr(const LogRecord& record) {
  const std::string line = log_line(record) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);  // at once: lines of several threads do not mix
}

/// Whether this thread is inside of the sink.
thread_local bool in_sink = false;

class InSink {
 public:
  InSink() noexcept { in_sink = true; }
  InSink(const InSink&) = delete;
  InSink& operator=(const InSink&) = delete;
  ~InSink() { in_sink = false; }
};

void deliver(const LogRecord& record) {
  std::shared_ptr<const LogSink> sink;
  if (!in_sink) {
    const std::lock_guard lock{current().mutex};
    sink = current().sink;
  }
  if (sink == nullptr) return write_to_stderr(record);
  try {
    const InSink inside;
    (*sink)(record);
  } catch (...) {
    write_to_stderr(record);
  }
}

}  // namespace

std::string_view name_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      break;
  }
  return "off";
}

LogSink set_log_sink(LogSink sink) {
  std::shared_ptr<const LogSink> next;
  if (sink) next = std::make_shared<const LogSink>(std::move(sink));
  {
    const std::lock_guard lock{current().mutex};
    std::swap(current().sink, next);
  }
  return next != nullptr ? *next : LogSink{};
}

void set_log_level(LogLevel least) noexcept { least_level.store(least, std::memory_order_relaxed); }
LogLevel log_level() noexcept { return least_level.load(std::memory_order_relaxed); }

std::string log_line(const LogRecord& record) {
  const auto since_1970 = record.time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(since_1970 - seconds);
  const std::time_t time = seconds.count();
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z {} {}: {}", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, milliseconds.count(), name_of(record.level),
                     record.component, record.text);
}

void detail::write_log(LogLevel level, std::string_view component, fmt::string_view format,
                       fmt::format_args arguments) noexcept {
  try {
    const std::string text = fmt::vformat(format, arguments);
    deliver({.time = std::chrono::system_clock::now(), .level = level, .component = component, .text = text});
  } catch (...) {
    return;  // no memory for the record
  }
}

}  // namespace tern
