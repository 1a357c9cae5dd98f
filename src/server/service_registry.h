// ServiceRegistry: which handler a path belongs to. Filled before the server listens, only read afterwards, by all
// loops.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tern/server/observer.h"
#include "tern/server/service.h"

namespace tern {

class ServiceRegistry {
 public:
  /// Throws std::invalid_argument when a service of this name is there.
  void add(Service& service);

  /// Of all services, but for the fallback. In no order.
  [[nodiscard]] std::vector<ServedMethod> methods() const;
  /// In alphabetical order.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Takes the calls that nobody else does.
  void set_fallback(MethodHandler& handler) noexcept { fallback_ = &handler; }

  [[nodiscard]] bool has_fallback() const noexcept { return fallback_ != nullptr; }

  /// Whether `handler` takes calls of any name.
  [[nodiscard]] bool is_fallback(const MethodHandler& handler) const noexcept { return &handler == fallback_; }

  /// The handler of "/package.Service/Method"; null when there is none.
  [[nodiscard]] MethodHandler* find(std::string_view path) const;
  /// Says which part of the path is unknown.
  [[nodiscard]] std::string explain_missing(std::string_view path) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  MethodHandler* fallback_ = nullptr;
  std::unordered_set<std::string, Hash, std::equal_to<>> services_;
  std::unordered_map<std::string, MethodHandler*, Hash, std::equal_to<>> handlers_;
};

}  // namespace tern
