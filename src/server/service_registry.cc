#include "server/service_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace tern {

void ServiceRegistry::add(Service& service) {
  if (!services_.insert(service.name()).second) {
    throw std::invalid_argument("a service \"" + service.name() +
                                "\" was added before: a server has one service of each name");
  }
  for (const Service::Method& method : service.methods()) {
    handlers_.emplace("/" + service.name() + "/" + method.name, method.handler.get());
  }
}

std::vector<ServedMethod> ServiceRegistry::methods() const {
  std::vector<ServedMethod> methods;
  methods.reserve(handlers_.size());
  for (const auto& [path, handler] : handlers_) methods.push_back({.path = path, .id = handler->id()});
  return methods;
}

std::vector<std::string> ServiceRegistry::names() const {
  std::vector<std::string> names{services_.begin(), services_.end()};
  std::sort(names.begin(), names.end());
  return names;
}

MethodHandler* ServiceRegistry::find(std::string_view path) const {
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? fallback_ : found->second;
}

std::string ServiceRegistry::explain_missing(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0)
    return fmt::format("\"{}\" is not of the form /package.Service/Method", path);
  const std::string_view service = path.substr(1, slash - 1);
  if (!services_.contains(service)) return fmt::format("unknown service {}", service);
  return fmt::format("service {} has no method {}", service, path.substr(slash + 1));
}

}  // namespace tern
