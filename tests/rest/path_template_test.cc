#include "rest/path_template.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "rest/no_body.h"
#include "rest/router.h"

namespace tern::rest {
namespace {

/// Which of the routes takes it, and with which parameters: "b name=x".
std::string routed(const std::vector<std::string>& paths, const std::string& target,
                   const std::string& method = "GET") {
  Router router;
  static std::string taken;
  for (const std::string& path : paths) {
    router.add("GET", path, [path](Request& /*request*/) -> Task<Response> {
      taken = path;
      return {};
    });
  }
  NoBody body;
  Request request{method, target, body, 0};
  try {
    static_cast<void>(router.find(request)(request));
  } catch (const HttpError& error) {
    return std::to_string(error.status());
  }
  std::string text = taken;
  for (const auto& [name, value] : request.path_parameters) text += " " + name + "=" + value;
  return text;
}

TEST(PathTemplate, MatchesWordsStarsAndVerbs) {
  EXPECT_EQ(routed({"/v1/users/{id}"}, "/v1/users/7"), "/v1/users/{id} id=7");
  EXPECT_EQ(routed({"/v1/users/{id}"}, "/v1/users/7?x=/y"), "/v1/users/{id} id=7");
  EXPECT_EQ(routed({"/v1/users/{id}"}, "/v1/users/"), "404");
  EXPECT_EQ(routed({"/v1/users/{id}"}, "/v1/users/7/8"), "404");
  EXPECT_EQ(routed({"/v1/*/x"}, "/v1/a/x"), "/v1/*/x");
  EXPECT_EQ(routed({"/v1/{name=shelves/*/books/*}"}, "/v1/shelves/1/books/2"),
            "/v1/{name=shelves/*/books/*} name=shelves/1/books/2");
  EXPECT_EQ(routed({"/v1/{name=**}"}, "/v1/a/b/c"), "/v1/{name=**} name=a/b/c");
  EXPECT_EQ(routed({"/v1/{name=a/**}"}, "/v1/a"), "/v1/{name=a/**} name=a");
  EXPECT_EQ(routed({"/v1/users:stream", "/v1/{x}"}, "/v1/users:stream"), "/v1/users:stream");
  EXPECT_EQ(routed({"/v1/users/{id}:lock"}, "/v1/users/a:b:lock"), "/v1/users/{id}:lock id=a:b");
  EXPECT_EQ(routed({"/v1/users/{id}", "/v1/users/{id}:lock"}, "/v1/users/a:b"), "/v1/users/{id} id=a:b");
  EXPECT_EQ(routed({"/"}, "/"), "/");
  EXPECT_EQ(routed({"/"}, "/x"), "404");
}

TEST(PathTemplate, WordsGoBeforeStars) {
  const std::vector<std::string> paths{"/{a=**}", "/v1/{b}", "/v1/users", "/v1/{c}/x", "/v1/users/y"};
  EXPECT_EQ(routed(paths, "/v1/users"), "/v1/users");
  EXPECT_EQ(routed(paths, "/v1/other"), "/v1/{b} b=other");
  EXPECT_EQ(routed(paths, "/v1/users/x"), "/v1/{c}/x c=users");
  EXPECT_EQ(routed(paths, "/v1/users/z"), "/{a=**} a=v1/users/z");
  EXPECT_EQ(routed(paths, "/v1/users", "POST"), "405");
}

TEST(PathTemplate, DecodesParameters) {
  EXPECT_EQ(routed({"/{a}"}, "/x%2Fy%20z"), "/{a} a=x/y z");
  // Of several segments, an escaped slash is not one between them.
  EXPECT_EQ(routed({"/{a=**}"}, "/x%2Fy/%7a"), "/{a=**} a=x%2Fy/z");
  EXPECT_EQ(routed({"/{a}"}, "/%e"), "400");
  EXPECT_EQ(routed({"/caf\u00e9"}, "/caf%C3%A9"), "/caf\u00e9");
}

TEST(PathTemplate, RefusesWhatIsNone) {
  for (const char* text : {"", "v1", "/{", "/{}", "/{a", "/{a=}x", "/{a={b}}", "/a*", "/**/b", "/{a}/{a}",
                           "/a:", "/{a=**}/b", "/a:{b}", "/%zz"}) {
    EXPECT_THROW(PathTemplate::parse(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace tern::rest
