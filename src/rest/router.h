// Router: which handler a method and a path belong to. A tree of the paths' segments: a word goes before "*", and that
// before "**".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rest/path_template.h"
#include "tern/rest/message.h"
#include "tern/rest/site.h"

namespace tern::rest {

class Router {
 public:
  struct Route {
    std::string text;
    PathTemplate path;
    Handler handler;
  };

  Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router();

  /// Throws std::invalid_argument when the route is there already, or its path is none.
  void add(std::string_view method, std::string_view path, Handler handler);

  /// The route's handler; its path and its parameters are put into the request. Throws HttpError: 404 for an unknown
  /// path, 405 for a known one without this method.
  [[nodiscard]] const Handler& find(Request& request) const;

  /// What a path may be asked by: "GET, HEAD, POST"; empty for an unknown one.
  [[nodiscard]] std::string methods_of(std::string_view path) const;

 private:
  struct Node;
  using Methods = std::map<std::string, Route, std::less<>>;
  /// Calls `visit` for each end that the path leads to, the best first, until it says true.
  template <class Visit>
  void visit_ends(std::string_view path, Visit visit) const;

  std::unique_ptr<Node> root_;
  bool verbs_ = false;
};

}  // namespace tern::rest
