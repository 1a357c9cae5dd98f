// Names of methods, of gRPC and of HTTP, as OpenTelemetry has them.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace tern::telemetry {

/// Replaces a name that the program does not know: clients can make up any number of names.
inline constexpr std::string_view kOther = "_OTHER";

/// "package.Service/Method" of the path "/package.Service/Method".
inline std::string_view method_name(std::string_view path) noexcept {
  return path.starts_with('/') ? path.substr(1) : path;
}

/// The methods of RFC 9110 and RFC 5789, the last place for all others (OpenTelemetry's conventions for HTTP,
/// http.request.method).
inline constexpr std::array<std::string_view, 10> kHttpMethods{"CONNECT", "DELETE", "GET", "HEAD",  "OPTIONS",
                                                               "PATCH",   "POST",   "PUT", "TRACE", kOther};
/// The method's place there.
inline std::size_t http_method_index(std::string_view method) noexcept {
  const auto* const found = std::ranges::find(kHttpMethods.begin(), kHttpMethods.end() - 1, method);
  return static_cast<std::size_t>(found - kHttpMethods.begin());
}
inline std::string_view http_method_name(std::string_view method) noexcept {
  return kHttpMethods.at(http_method_index(method));
}

}  // namespace tern::telemetry
