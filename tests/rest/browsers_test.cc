// What a page of another origin can make a browser send without being asked, and what the site answers: over HTTP/1.1
// and HTTP/2 alike.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rest/with_notes.h"

namespace tern::rest {
namespace {

using test::Ask;
using test::Case;
using test::expect_in_both_versions;
using test::FieldList;
using test::Reply;
using test::Served;
using test::Version;

const std::string kNote = R"({"text":"a"})";

Ask write_note(FieldList fields, const char* method = "POST") {
  return {.method = method,
          .target = method == std::string_view{"POST"} ? "/v1/notes" : "/v1/notes/a",
          .fields = std::move(fields),
          .body = kNote};
}
Ask close_note(FieldList fields) {
  return {.method = "POST", .target = "/v1/notes/a:close", .fields = std::move(fields)};
}

// All that a form, or fetch() without a preflight, can say of a body (the Fetch standard, "CORS-safelisted
// request-header"), and what a browser says that says nothing.
const std::vector<std::string> kSafelisted{"text/plain",
                                           "text/plain;charset=UTF-8",
                                           "application/x-www-form-urlencoded",
                                           "multipart/form-data; boundary=x",
                                           "Text/Plain; a=application/json",
                                           ""};

TEST(JsonRoutes, NeedAJsonContentType) {
  std::vector<Case> cases;
  for (const char* method : {"POST", "PUT"}) {
    for (const std::string& type : kSafelisted) {
      FieldList fields;
      if (!type.empty()) fields.emplace_back("content-type", type);
      cases.push_back(
          {method + (" " + type), write_note(fields, method), 415, "takes JSON: the content type is application/json"});
    }
    for (const char* type : {"application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json"}) {
      cases.push_back({type, write_note({{"content-type", type}}, method), 200, kNote});
    }
    cases.push_back({"Latin 1", write_note({{"content-type", "application/json; charset=latin1"}}, method), 415, ""});
  }
  cases.push_back({"an empty body", {.method = "POST", .target = "/v1/notes"}, 415, ""});
  cases.push_back({"a route without a body", close_note({}), 200, kNote});
  cases.push_back({"a safe route", {.method = "GET", .target = "/v1/notes/a"}, 200, kNote});
  expect_in_both_versions(cases);
}

/// How a browser says which page asks, and whether the site allows it by default, and when CORS names the page's
/// origin.
struct Page {
  const char* name;
  FieldList fields;
  bool own;
  bool named = true;
};
const std::vector<Page> kPages{
    {"no browser", {}, true},
    {"its own, new browsers", {{"origin", "https://a.example"}, {"sec-fetch-site", "same-origin"}}, true},
    {"its own behind a proxy",
     {{"origin", "https://other"}, {"host", "inside:80"}, {"sec-fetch-site", "same-origin"}},
     true},
    {"the address line", {{"sec-fetch-site", "none"}}, true},
    {"another site", {{"origin", "https://page.example"}, {"sec-fetch-site", "cross-site"}}, false},
    {"a subdomain", {{"origin", "https://page.example"}, {"sec-fetch-site", "same-site"}}, false},
    {"an unknown site", {{"origin", "https://evil.example"}, {"sec-fetch-site", "cross-site"}}, false, false},
    {"its own, old browsers", {{"origin", "http://a.example:8000"}, {"host", "a.example:8000"}}, true},
    {"its own, with the default port", {{"origin", "https://A.example"}, {"host", "a.example:443"}}, true},
    {"another site, old browsers", {{"origin", "https://page.example"}, {"host", "a.example"}}, false},
    {"another port, old browsers", {{"origin", "http://a.example:8001"}, {"host", "a.example:8000"}}, false, false},
    {"a sandbox", {{"origin", "null"}, {"host", "a.example"}}, false, false},
};

TEST(JsonRoutes, PagesOfOtherOriginsNeedToBeNamed) {
  for (const bool cors : {false, true}) {
    Served served;
    if (cors) served.site.cors.origins = {"https://page.example"};
    std::vector<Case> cases;
    for (const Page& page : kPages) {
      const bool allowed = page.own || (cors && page.named);
      const std::string name = page.name + std::string{cors ? ", with CORS" : ""};
      FieldList json = page.fields;
      json.emplace_back("content-type", "application/json");
      cases.push_back({name, close_note(page.fields), allowed ? 200U : 403U, allowed ? kNote : "CorsOptions::origins"});
      cases.push_back({name + ", JSON", write_note(json), allowed ? 200U : 403U, ""});
      // What changes nothing may be asked by all; the browser keeps the answer from the page.
      cases.push_back({name + ", GET", {.method = "GET", .target = "/v1/notes/a", .fields = page.fields}, 200, kNote});
    }
    expect_in_both_versions(cases, served);
  }
}

TEST(JsonRoutes, AnyOriginMayCallWhereCorsSaysSo) {
  Served served;
  served.site.cors.origins = {"*"};
  expect_in_both_versions({{"any",
                            close_note({{"origin", "https://b"}, {"sec-fetch-site", "cross-site"}}),
                            200,
                            kNote,
                            {"access-control-allow-origin", "*"}}},
                          served);
}

TEST(Browsers, PreflightsTellAMethodsVerbs) {
  Served served;
  served.site.cors.origins = {"https://b"};
  const FieldList asks{{"origin", "https://b"}, {"access-control-request-method", "POST"}};
  const auto preflight = [&asks](const char* target) {
    return Ask{.method = "OPTIONS", .target = target, .fields = asks};
  };
  expect_in_both_versions(
      {{"a method", preflight("/tern.test.web.v1.Notes/Write"), 204, "", {"access-control-allow-methods", "POST"}},
       {"a safe method",
        preflight("/tern.test.web.v1.Notes/Look"),
        204,
        "",
        {"access-control-allow-methods", "GET, HEAD, POST"}},
       {"a route", preflight("/v1/notes"), 204, "", {"access-control-allow-methods", "POST"}}},
      served);
}

Task<Response> show(Request& request) {
  std::string text;
  for (const auto& [name, value] : request.fields) {
    if (name == "cookie" || name == "host") text += name + "=" + value + "|";
  }
  co_return Response{200, "text/plain", std::move(text)};
}
Task<Response> nothing(Request& /*request*/) { co_return Response{204}; }
AsyncGenerator<std::string> one_piece() {
  std::string piece = "piece";
  co_yield std::move(piece);
}
Task<Response> stream(Request& /*request*/) { co_return Response::stream("text/plain", one_piece()); }
Task<Response> fail(Request& /*request*/) {
  throw std::runtime_error("secret");
  co_return Response{};
}

Served with_routes() {
  Served served;
  served.set_up = [](Site& site) {
    site.route("GET", "/show", show);
    site.route("POST", "/show", show);
    site.route("GET", "/nothing", nothing);
    site.route("GET", "/stream", stream);
    site.route("GET", "/fail", fail);
  };
  return served;
}

TEST(Browsers, EveryBodyIsTakenForItsContentTypeAlone) {
  const std::pair<std::string, std::string> nosniff{"x-content-type-options", "nosniff"};
  const FieldList json{{"content-type", "application/json"}};
  expect_in_both_versions(
      {
          {"a route", {.method = "GET", .target = "/show"}, 200, "", nosniff},
          {"a stream", {.method = "GET", .target = "/stream"}, 200, "piece", nosniff},
          {"no body", {.method = "GET", .target = "/nothing"}, 204, "", {"x-content-type-options", ""}},
          {"an exception", {.method = "GET", .target = "/fail"}, 500, "", nosniff},
          {"no route", {.method = "GET", .target = "/none"}, 404, "", nosniff},
          {"another verb", {.method = "PUT", .target = "/show"}, 405, "", nosniff},
          {"JSON", {.method = "GET", .target = "/v1/notes/a"}, 200, "", nosniff},
          {"Connect",
           {.method = "POST", .target = "/tern.test.web.v1.Notes/Look", .fields = json, .body = "{}"},
           200,
           "",
           nosniff},
          {"Connect, an error", {.method = "DELETE", .target = "/tern.test.web.v1.Notes/Look"}, 405, "", nosniff},
      },
      with_routes());
  test::with_notes({}, [](std::uint16_t port) -> Task<void> {
    test::Http1Client client{port};
    const test::Answer broken = co_await client.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(broken.result_int(), 400U);
    EXPECT_EQ(broken["x-content-type-options"], "nosniff");
  });
}

// Documented: such a route checks what it needs itself.
TEST(Browsers, RoutesOfOnesOwnTakeAnyContentType) {
  expect_in_both_versions(
      {{"a form",
        {.method = "POST", .target = "/show", .fields = {{"content-type", "text/plain"}}, .body = "x"},
        200,
        "host=a|"}},
      with_routes());
}

Task<Response> show_peer(Request& request) { co_return Response{200, "text/plain", request.peer}; }

// RFC 4291 §2.5.5.2: a socket for both families calls the same client "::ffff:127.0.0.1".
TEST(Browsers, PeersAreIpv4OnASocketForBothFamilies) {
  const auto run = []() -> Task<void> {
    Site site;
    site.route("GET", "/peer", show_peer);
    Server server;
    test::Http1Client client{server.listen("[::]:0", {.http = &site})};
    const test::Answer answer = co_await client.ask("GET", "/peer");
    EXPECT_TRUE(answer.body().starts_with("ipv4:127.0.0.1:")) << answer.body();
    co_await server.stop({.grace = std::chrono::hours{1}});
  };
  block_on(run());
}

// RFC 9113 §8.2.3.
TEST(Browsers, CookieFieldsOfHttp2AreOne) {
  test::with_notes(with_routes(), [](std::uint16_t port) -> Task<void> {
    test::AnyClient client{Version::kHttp2, port};
    const Ask ask{.method = "GET",
                  .target = "/show",
                  .fields = {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2; c=3"}, {"cookie", "d=4"}}};
    const Reply reply = co_await client.ask(ask);
    EXPECT_EQ(reply.body, "host=a|cookie=a=1; b=2; c=3; d=4|");
  });
}

}  // namespace
}  // namespace tern::rest
