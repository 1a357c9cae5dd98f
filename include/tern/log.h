// The library's log. Each record goes to one sink: stderr by default, never stdout.
//
//   tern::set_log_level(tern::LogLevel::kDebug);
//   tern::set_log_sink([](const tern::LogRecord& record) { my_log(record.component, record.text); });
//
// A program on spdlog: tern::set_log_sink(tern::telemetry::spdlog_sink()) (tern/telemetry/spdlog_sink.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern {

enum class LogLevel : std::uint8_t {
  /// One connection's or request's end, for people who look for a fault.
  kDebug,
  /// Rejected connections, calls and messages of clients, and restarts.
  kInfo,
  /// Something does not work as configured, or work was lost.
  kWarning,
  /// A mistake of the program: an exception that left a handler, an object destroyed too early.
  kError,
  /// For set_log_level(): nothing is logged.
  kOff,
};

/// Returns "debug", "info", "warning", "error" or "off".
[[nodiscard]] TERN_API std::string_view name_of(LogLevel level) noexcept;

/// One line.
struct LogRecord {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::kInfo;
  /// The part of the library: "async", "transport", "call", "server", "client", "rest", "telemetry",
  /// "testing".
  std::string_view component;
  /// UTF-8 without a line break at its end; a stack has some within. Valid until the sink returns.
  std::string_view text;
};

/// Is called on the thread that logs, often an event loop's: it must not block for long. Several threads may call it at
/// the same time. A record whose sink throws goes to stderr, and so does what the library logs inside of the sink.
using LogSink = std::function<void(const LogRecord&)>;

/// Replaces the sink, and returns the one before; an empty one is the default, which writes a line to stderr. On any
/// thread. Other threads may still be inside of the sink before, which is destroyed when they have left it.
TERN_API LogSink set_log_sink(LogSink sink);

/// Records below `least` are not made. Default: kInfo. On any thread.
TERN_API void set_log_level(LogLevel least) noexcept;
[[nodiscard]] TERN_API LogLevel log_level() noexcept;

/// Returns the line that the default sink writes, without a line break at its end:
/// "2026-11-29T12:00:00.123Z warning server: the text".
[[nodiscard]] TERN_API std::string log_line(const LogRecord& record);

}  // namespace tern
