#include "rest/router.h"

#include <array>
#include <functional>
#include <set>
#include <stdexcept>

namespace tern::rest {

namespace {

constexpr std::string_view kAnyMethod = "*";
constexpr std::array<std::string_view, 7> kStandardMethods{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};

/// Returns true if the segment is a value, a colon and the verb.
bool ends_with_verb(std::string_view segment, std::string_view verb) {
  return segment.size() > verb.size() && segment.ends_with(verb) && segment[segment.size() - verb.size() - 1] == ':';
}

}  // namespace

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
  if (!parsed.verb().empty()) verbs_.insert(parsed.verb());
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
  for (const std::string& verb : verbs_) {
    if (!ends_with_verb(last, verb)) continue;
    segments.back() = last.substr(0, last.size() - verb.size() - 1);
    if (root_->visit(segments, 0, verb, visit)) return;
  }
  segments.back() = last;
  root_->visit(segments, 0, {}, visit);
}

const Router::Route* Router::route_for(const Methods& methods, std::string_view method) {
  auto found = methods.find(method);
  if (found == methods.end() && method == "HEAD") found = methods.find("GET");
  if (found == methods.end()) found = methods.find(kAnyMethod);
  return found == methods.end() ? nullptr : &found->second;
}

const Handler& Router::find(Request& request) const {
  const Route* route = nullptr;
  bool known = false;
  visit_ends(request.path(), [&](const Methods& methods, const std::vector<std::string_view>& segments) {
    known = true;
    route = route_for(methods, request.method);
    if (route == nullptr) return false;
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
  if (names.erase(std::string{kAnyMethod}) != 0) names.insert(kStandardMethods.begin(), kStandardMethods.end());
  if (names.contains("GET")) names.insert("HEAD");
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace tern::rest
