// What OpenTelemetry calls a method.
#pragma once

#include <string_view>

namespace tern::telemetry {

/// "package.Service/Method" of the path "/package.Service/Method".
inline std::string_view method_name(std::string_view path) noexcept {
  return path.starts_with('/') ? path.substr(1) : path;
}

}  // namespace tern::telemetry
