#include "rest/openapi_paths.h"

#include <gtest/gtest.h>

#include <string>

namespace tern::rest {
namespace {

/// "/v1/{name} name=^foos/[^/]+$": the path, and its parameters with their patterns.
std::string described(OpenApiPaths& paths, const char* path) {
  const OpenApiPath& found = paths.path_for(PathTemplate::parse(path));
  std::string text = found.text;
  for (const OpenApiPath::Parameter& parameter : found.parameters)
    text += " " + parameter.name + "=" + parameter.pattern;
  return text;
}

TEST(OpenApiPaths, TellPathsApartThatDifferInTheirPatterns) {
  const struct {
    const char* path;
    const char* described;
  } cases[] = {
      {"/v1/{name=foos/*}", "/v1/{name} name=^foos/[^/]+$"},
      {"/v1/{name=bars/*}", "/v1/{name_1} name_1=^bars/[^/]+$"},
      {"/v1/{name=foos/*}", "/v1/{name} name=^foos/[^/]+$"},
      {"/v1/{name}", "/v1/{name_2} name_2="},
      {"/v1/{name=*}", "/v1/{name_2} name_2="},
      {"/v1/{name=**}", "/v1/{name_3} name_3=^.*$"},
      {"/v1/{name=a.b/**}", "/v1/{name_4} name_4=^a\\.b(/.*)?$"},
      {"/v1/{other}", "/v1/{other} other="},
      {"/v1/{name=foos/*}:cancel", "/v1/{name}:cancel name=^foos/[^/]+$"},
      {"/v1/{a=x/*}/b/{c=y/*}", "/v1/{a}/b/{c} a=^x/[^/]+$ c=^y/[^/]+$"},
      {"/v1/{a=x/*}/b/{c=z/*}", "/v1/{a_1}/b/{c_1} a_1=^x/[^/]+$ c_1=^z/[^/]+$"},
      {"/v1/*/b/**", "/v1/{segment2}/b/{segment4} segment2= segment4=^.*$"},
      {"/caf%C3%A9/{book.title}:a:b", "/caf%C3%A9/{book.title}:a:b book.title="},
      {"/", "/"},
  };
  OpenApiPaths paths;
  for (const auto& each : cases) EXPECT_EQ(described(paths, each.path), each.described);
}

}  // namespace
}  // namespace tern::rest
