#include "rest/router.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>

namespace tern::rest {

namespace {

Response failure(unsigned status, std::string_view message) {
  return {status, "application/json", fmt::format(R"({{"error":"{}"}})", message)};
}

}  // namespace

void Router::add(std::string method, std::string path, Handler handler) {
  if (!path.starts_with('/')) throw std::invalid_argument("route \"" + path + "\" does not begin with a slash");
  const std::string name = method + " " + path;
  if (!routes_[std::move(path)].emplace(std::move(method), std::move(handler)).second) {
    throw std::invalid_argument("route " + name + " is there already");
  }
}

Task<Response> Router::answer(const Request& request) const {
  const std::string_view path = std::string_view{request.target}.substr(0, request.target.find('?'));
  const auto methods = routes_.find(path);
  if (methods == routes_.end()) co_return failure(404, "not found");
  const auto route = methods->second.find(request.method);
  if (route == methods->second.end()) co_return failure(405, "method not allowed");
  std::string what;
  try {
    co_return co_await route->second(request);
  } catch (const std::exception& error) {
    what = error.what();
  }
  spdlog::error("{} {}: unexpected exception in the handler: {}", request.method, path, what);
  co_return failure(500, "internal server error");
}

}  // namespace tern::rest
