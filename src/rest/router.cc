#include "rest/router.h"

#include <functional>
#include <set>
#include <stdexcept>

namespace tern::rest {

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> one;
  std::unique_ptr<Node> rest;
  std::map<std::string, Methods, std::less<>> ends;  // by verb

  std::unique_ptr<Node>& place_of(const PathTemplate::Segment& segment) {
    if (segment.kind == PathTemplate::Segment::Kind::kLiteral) return literals[segment.literal];
    return segment.kind == PathTemplate::Segment::Kind::kOne ? one : rest;
  }
  Node& child(const PathTemplate::Segment& segment) {
    std::unique_ptr<Node>& place = place_of(segment);
    if (place == nullptr) place = std::make_unique<Node>();
    return *place;
  }

  /// Whether `visit` took one of the ends below.
  bool visit(const std::vector<std::string_view>& segments, std::size_t at, std::string_view verb,
             const std::function<bool(const Methods&, const std::vector<std::string_view>&)>& visit_end) const {
    if (at == segments.size())
      return take(*this, verb, segments, visit_end) || (rest && take(*rest, verb, segments, visit_end));
    if (const auto found = literals.find(decoded(segments[at])); found != literals.end()) {
      if (found->second->visit(segments, at + 1, verb, visit_end)) return true;
    }
    if (one && !segments[at].empty() && one->visit(segments, at + 1, verb, visit_end)) return true;
    return rest && take(*rest, verb, segments, visit_end);
  }

 private:
  static bool take(const Node& node, std::string_view verb, const std::vector<std::string_view>& segments,
                   const std::function<bool(const Methods&, const std::vector<std::string_view>&)>& visit_end) {
    const auto found = node.ends.find(verb);
    return found != node.ends.end() && visit_end(found->second, segments);
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view path, Handler handler) {
  PathTemplate parsed = PathTemplate::parse(path);
  Node* node = root_.get();
  for (const PathTemplate::Segment& segment : parsed.segments()) node = &node->child(segment);
  verbs_ = verbs_ || !parsed.verb().empty();
  Methods& methods = node->ends[parsed.verb()];
  if (!methods.try_emplace(std::string{method}, Route{std::string{path}, std::move(parsed), std::move(handler)})
           .second) {
    throw std::invalid_argument("route " + std::string{method} + " " + std::string{path} + " is there already");
  }
}

template <class Visit>
void Router::visit_ends(std::string_view path, Visit visit) const {
  std::vector<std::string_view> segments = segments_of(path);
  if (segments.empty()) return;
  const std::string_view last = segments.back();
  if (const std::size_t colon = last.rfind(':'); verbs_ && colon != std::string_view::npos) {
    segments.back() = last.substr(0, colon);
    if (root_->visit(segments, 0, last.substr(colon + 1), visit)) return;
    segments.back() = last;
  }
  root_->visit(segments, 0, {}, visit);
}

const Handler& Router::find(Request& request) const {
  const Route* route = nullptr;
  bool known = false;
  const std::string_view wanted = request.method == "HEAD" ? std::string_view{"GET"} : request.method;
  visit_ends(request.path(), [&](const Methods& methods, const std::vector<std::string_view>& segments) {
    known = true;
    const auto found = methods.find(wanted);
    if (found == methods.end()) return false;
    route = &found->second;
    for (auto& [name, value] : route->path.values(segments)) request.path_parameters.insert_or_assign(name, value);
    return true;
  });
  if (route != nullptr) {
    request.route = route->text;
    return route->handler;
  }
  const std::string path{request.path()};
  if (known) throw HttpError{405, path + " is not there for " + request.method + "; it is for " + methods_of(path)};
  throw HttpError{404, "nothing is at " + path};
}

std::string Router::methods_of(std::string_view path) const {
  std::set<std::string> names;
  visit_ends(path, [&names](const Methods& methods, const std::vector<std::string_view>& /*segments*/) {
    for (const auto& [name, route] : methods) names.insert(name);
    return false;
  });
  if (names.contains("GET")) names.insert("HEAD");
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace tern::rest
