// spdlog_sink(): gives what the library logs to a logger of spdlog, for programs that use spdlog themselves. The
// library needs none; this header does.
//
//   tern::set_log_sink(tern::telemetry::spdlog_sink());
#pragma once

#include <spdlog/logger.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "tern/log.h"

namespace tern::telemetry {

/// `level` in spdlog's levels.
[[nodiscard]] inline spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

/// Returns a sink that logs each record's text to `logger`, or to the default logger of the moment where that is null.
/// The component is left out: spdlog has no field for it. The logger's level filters besides set_log_level().
[[nodiscard]] inline LogSink spdlog_sink(std::shared_ptr<spdlog::logger> logger = nullptr) {
  return [logger = std::move(logger)](const LogRecord& record) {
    spdlog::logger* const used = logger != nullptr ? logger.get() : spdlog::default_logger_raw();
    if (used == nullptr || !used->should_log(spdlog_level(record.level))) return;
    used->log(record.time, spdlog::source_loc{}, spdlog_level(record.level),
              spdlog::string_view_t{record.text.data(), record.text.size()});
  };
}

}  // namespace tern::telemetry
