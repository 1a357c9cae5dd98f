#include "rest/openapi_paths.h"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <string_view>

namespace tern::rest {

namespace {

using Kind = PathTemplate::Segment::Kind;

std::string escaped(const std::string& literal) {
  std::string text;
  for (const char letter : literal) {
    if (std::string_view{R"(\^$.|?*+()[]{})"}.find(letter) != std::string_view::npos) text += '\\';
    text += letter;
  }
  return text;
}

/// The regular expression of a parameter's segments (ECMA-262, as JSON Schema has it).
std::string pattern_of(const PathTemplate& path, std::size_t first, std::size_t count) {
  if (count == 1 && path.segments()[first].kind == Kind::kOne) return {};
  std::string pattern = "^";
  for (std::size_t i = first; i < first + count; ++i) {
    const PathTemplate::Segment& segment = path.segments()[i];
    // "a/**" stands for "a" as well.
    if (segment.kind == Kind::kRest) {
      pattern += i > first ? "(/.*)?" : ".*";
      continue;
    }
    if (i > first) pattern += '/';
    pattern += segment.kind == Kind::kOne ? "[^/]+" : escaped(segment.literal);
  }
  return pattern + "$";
}

OpenApiPath path_with(const PathTemplate& path, const std::string& suffix) {
  OpenApiPath plain;
  std::size_t variable = 0;
  const auto add = [&plain, &path, &suffix](const std::string& name, const std::string& field, std::size_t first,
                                            std::size_t count) {
    plain.parameters.push_back({name + suffix, field, pattern_of(path, first, count)});
    plain.text += "/{" + plain.parameters.back().name + "}";
  };
  for (std::size_t i = 0; i < path.segments().size();) {
    if (variable < path.variables().size() && path.variables()[variable].first == i) {
      const PathTemplate::Variable& found = path.variables()[variable++];
      add(found.name, found.name, i, found.count);
      i += found.count;
    } else if (path.segments()[i].kind == Kind::kLiteral) {
      plain.text += "/" + boost::urls::encode(path.segments()[i].literal, boost::urls::pchars);
      ++i;
    } else {
      add("segment" + std::to_string(i + 1), {}, i, 1);
      ++i;
    }
  }
  if (!path.verb().empty()) plain.text += ":" + path.verb();
  return plain;
}

}  // namespace

const OpenApiPath& OpenApiPaths::path_for(const PathTemplate& path) {
  OpenApiPath plain = path_with(path, {});
  std::string key = plain.text;
  for (const OpenApiPath::Parameter& parameter : plain.parameters) key += "\n" + parameter.pattern;
  const auto found = by_template_.find(key);
  if (found != by_template_.end()) return found->second;
  for (int i = 1; !taken_.insert(plain.text).second; ++i) plain = path_with(path, "_" + std::to_string(i));
  return by_template_.emplace(std::move(key), std::move(plain)).first->second;
}

}  // namespace tern::rest
