// The names of metrics and their labels: each has OpenTelemetry's, and Prometheus' follows from it by OpenTelemetry's
// rules (specification "Prometheus and OpenMetrics Compatibility", "Metric Metadata").
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tern::telemetry {

/// "rpc.method" is "rpc_method".
inline std::string prometheus_label(std::string_view name) {
  std::string label{name};
  std::ranges::replace(label, '.', '_');
  return label;
}

/// "rpc.server.call.duration" in "s" is "rpc_server_call_duration_seconds"; a sum that only grows ends with "_total".
/// `unit`: as UCUM has it; one in braces ("{call}") is only a comment.
inline std::string prometheus_name(std::string_view name, std::string_view unit, bool monotonic) {
  std::string its_name = prometheus_label(name);
  if (unit == "s") its_name += "_seconds";
  if (unit == "By") its_name += "_bytes";
  if (monotonic) its_name += "_total";
  return its_name;
}

/// True for a unit whose figures are whole numbers.
inline bool is_counted(std::string_view unit) noexcept { return unit == "By" || unit.starts_with('{'); }

/// True for attributes that are numbers in OpenTelemetry's conventions.
inline bool is_number(std::string_view attribute) noexcept {
  return attribute == "http.response.status_code" || attribute == "server.port";
}

}  // namespace tern::telemetry
