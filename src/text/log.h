// How the library logs: lines for the sink of tern/log.h.
//
//   log_warning("client", "{} sent GOAWAY {}", peer, code);
//
// None of these throws: a record that cannot be made is dropped.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "tern/api.h"
#include "tern/log.h"

namespace tern {

namespace detail {
/// Makes the record and gives it to the sink.
TERN_API void write_log(LogLevel level, std::string_view component, fmt::string_view format,
                        fmt::format_args arguments) noexcept;
}  // namespace detail

/// `component`: the folder that logs.
template <class... Args>
void log_debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (log_level() > LogLevel::kDebug) return;
  detail::write_log(LogLevel::kDebug, component, format, fmt::make_format_args(args...));
}

template <class... Args>
void log_info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (log_level() > LogLevel::kInfo) return;
  detail::write_log(LogLevel::kInfo, component, format, fmt::make_format_args(args...));
}

template <class... Args>
void log_warning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (log_level() > LogLevel::kWarning) return;
  detail::write_log(LogLevel::kWarning, component, format, fmt::make_format_args(args...));
}

template <class... Args>
void log_error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (log_level() > LogLevel::kError) return;
  detail::write_log(LogLevel::kError, component, format, fmt::make_format_args(args...));
}

}  // namespace tern
