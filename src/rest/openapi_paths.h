// The paths of an OpenAPI document. OpenAPI knows only {name}, so templates that differ in their patterns alone would
// be one path: the second gets other names, /v1/{name_1}, as in gRPC-Gateway's documents.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rest/path_template.h"

namespace tern::rest {

struct OpenApiPath {
  struct Parameter {
    /// As the document has it: "name_1".
    std::string name;
    /// The field path in the template; empty for a star without a name.
    std::string field;
    /// A regular expression for the value; empty for one segment of any text.
    std::string pattern;
  };
  std::string text;
  std::vector<Parameter> parameters;
};

class OpenApiPaths {
 public:
  /// Returns the path for a template: the same for the same template, and another for each other.
  const OpenApiPath& path_for(const PathTemplate& path);

 private:
  std::map<std::string, OpenApiPath> by_template_;
  std::set<std::string> taken_;
};

}  // namespace tern::rest
