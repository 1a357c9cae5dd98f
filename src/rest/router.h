// Router: which handler a method and a path belong to. A tree of the paths' segments: a word goes before "*", and that
// before "**". A verb wins over a value with colons: "x:cancel" is "x" and "cancel" where a path has that verb.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
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

  /// Adds a route; the method "*" stands for every method that the same path has no route for. Throws
  /// std::invalid_argument if there is a route for the method and the path already, or the path is malformed.
  void add(std::string_view method, std::string_view path, Handler handler);

  /// The route's handler; its path and its parameters are put into the request. Throws HttpError: 404 for an unknown
  /// path, 405 for a known one without this method.
  [[nodiscard]] const Handler& find(Request& request) const;

  /// What a path may be asked by: "GET, HEAD, POST"; empty for an unknown one.
  [[nodiscard]] std::string methods_of(std::string_view path) const;

 private:
  struct Node;
  using Methods = std::map<std::string, Route, std::less<>>;
  /// The route of an end for an HTTP method; null if it has none. GET serves HEAD where HEAD has no route of its own.
  static const Route* route_for(const Methods& methods, std::string_view method);
  /// Calls `visit` for each end that the path leads to, the best first, until `visit` returns true.
  template <class Visit>
  void visit_ends(std::string_view path, Visit visit) const;

  std::unique_ptr<Node> root_;
  /// Of all routes, the longest first: "b:cancel" before "cancel".
  struct LongerFirst {
    using is_transparent = void;
    bool operator()(std::string_view left, std::string_view right) const noexcept {
      return left.size() != right.size() ? left.size() > right.size() : left < right;
    }
  };
  std::set<std::string, LongerFirst> verbs_;
};

}  // namespace tern::rest
