// Router: which handler a method and a path belong to.
#pragma once

#include <map>
#include <string>

#include "tern/rest/server.h"

namespace tern::rest {

class Router {
 public:
  /// Throws std::invalid_argument when the route is there already, or its path does not begin with '/'.
  void add(std::string method, std::string path, Handler handler);

  /// The answer to a request, whatever becomes of its handler.
  [[nodiscard]] Task<Response> answer(const Request& request) const;

 private:
  std::map<std::string, std::map<std::string, Handler, std::less<>>, std::less<>> routes_;  // by path, then method
};

}  // namespace tern::rest
