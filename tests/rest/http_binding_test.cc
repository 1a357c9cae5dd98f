#include "rest/http_binding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rest/edges_service.h"
#include "support/captured_log.h"

namespace tern::rest {
namespace {

using test::Answer;
using test::expect_edges;
using test::Http1Client;

class FlawedService final : public test::edges::Flawed::AsyncService {
 public:
  Task<test::edges::Reached> Good(ServerContext& /*context*/, const test::edges::Name& request) override {
    test::edges::Reached reached;
    reached.set_name(request.name());
    co_return reached;
  }
  Task<test::edges::Reached> SamePath(ServerContext& context, const test::edges::Name& request) override {
    return Good(context, request);
  }
};

constexpr const char* kServed[] = {"/v1/good/a", "/v1/good/a/also", "/v1/same/a"};

TEST(HttpBinding, LeavesOutWhatItCannotServeAndServesTheRest) {
  static FlawedService service;
  tern::test::CapturedLog log;
  test::with_site(
      [](Site& site, Server& server) {
        server.add_service(service);
        site.add_services(server);
        site.add_openapi();
      },
      [](Http1Client& client) -> Task<void> {
        for (const char* target : kServed) {
          const Answer answer = co_await client.ask("GET", target);
          EXPECT_EQ(answer.body(), R"({"name":"a"})") << target;
        }
        const Answer left_out = co_await client.ask("GET", "/v1/unknown-response");
        EXPECT_EQ(left_out.result_int(), 404U);
        const Answer openapi = co_await client.ask("GET", "/openapi.json");
        EXPECT_EQ(openapi.body().find("unknown-response"), std::string::npos);
      });
  const std::string text = log.text();
  for (
      const char* warning : {
          R"(Flawed.Good is not served at "GET /v1/good/{nme}" (google.api.http): tern.test.edges.v1.Name has no field "nme")",
          R"(Flawed.Streams is not served at "POST /v1/streams" (google.api.http): REST has no streams of requests)",
          R"(Flawed.StarsInside is not served at "GET /v1/{name=docs/*/**}/x" (google.api.http): )",
          R"(Flawed.SamePath is not served at "GET /v1/same/{name=*}" (google.api.http): route GET /v1/same/{name=*} is there already)",
          R"(Flawed.UnknownBody is not served at "POST /v1/unknown-body" (google.api.http): tern.test.edges.v1.Name has no field "nme")",
          R"(Flawed.UnknownResponse is not served at "GET /v1/unknown-response" (google.api.http): tern.test.edges.v1.Reached has no field "nme")",
          R"(Flawed.RepeatedInPath is not served at "GET /v1/repeated/{numbers}" (google.api.http): a path cannot hold the field "numbers")",
          R"(Flawed.MessageInPath is not served at "GET /v1/message/{book}" (google.api.http): a path cannot hold the field "book")",
          R"(Flawed.NoPattern is not served at " " (google.api.http): the annotation has no HTTP method)",
          R"(Flawed.BrokenEscape is not served at "GET /v1/%zz" (google.api.http): )",
          R"(Flawed.NotClosed is not served at "GET /v1/{name" (google.api.http): )",
      }) {
    EXPECT_NE(text.find("edges.proto: tern.test.edges.v1." + std::string{warning}), std::string::npos)
        << warning << "\n"
        << text;
  }
  EXPECT_EQ(std::ranges::count(text, '\n'), 11) << text;
}

TEST(HttpBinding, ServesEveryMethodByAStar) {
  std::vector<test::EdgeCase> cases;
  for (const char* method : {"GET", "POST", "DELETE", "PATCH", "OPTIONS", "LEND"}) {
    cases.push_back({method, "/v1/any/x", "", 200, R"({"method":"any","name":"x"})"});
  }
  // A method of its own goes first.
  cases.push_back({"PUT", "/v1/any/x", "{}", 200, R"({"method":"one","name":"x"})"});
  expect_edges(cases);
}

TEST(HttpBinding, ServesHead) {
  test::with_edges([](Http1Client& client) -> Task<void> {
    co_await client.write("HEAD /v1/things/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    const Answer answer = co_await client.read(false);
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer["x-reached"], "head");
    const Answer get = co_await client.ask("GET", "/v1/things/1");
    EXPECT_EQ(get.result_int(), 405U);
    EXPECT_EQ(get["allow"], "HEAD");
  });
}

TEST(HttpBinding, TellsVerbsFromValuesWithColons) {
  expect_edges({
      {"GET", "/v1/colon/x", "", 200, R"({"method":"get","name":"x"})"},
      {"GET", "/v1/colon/2024-01-01T10:00:00Z", "", 200, R"({"method":"get","name":"2024-01-01T10:00:00Z"})"},
      {"GET", "/v1/colon/x:cancel", "", 200, R"({"method":"cancel","name":"x"})"},
      {"GET", "/v1/colon/a:b:cancel", "", 200, R"({"method":"cancel","name":"a:b"})"},
      {"GET", "/v1/colon/a:deep:cancel", "", 200, R"({"method":"deep","name":"a"})"},
      {"GET", "/v1/colon/a:deep:cancel:x", "", 200, R"({"method":"get","name":"a:deep:cancel:x"})"},
      {"GET", "/v1/colon/x%3Acancel", "", 200, R"({"method":"get","name":"x:cancel"})"},
      {"GET", "/v1/urn:word/a:b/c", "", 200, R"({"method":"word","name":"a:b/c"})"},
  });
}

TEST(HttpBinding, KeepsEscapedSlashesOnlyInSeveralSegments) {
  expect_edges({
      {"GET", "/v1/one/a%2Fb%20c", "", 200, R"({"method":"slash","name":"a/b c"})"},
      {"GET", "/v1/below/x/a%2Fb%20c", "", 200, R"({"method":"slash","name":"x/a%2Fb c"})"},
      {"GET", "/v1/many/a%2fb/c%20d", "", 200, R"({"method":"slash","name":"a%2fb/c d"})"},
      {"GET", "/v1/many", "", 200, R"({"method":"slash"})"},
      {"GET", "/v1/one/%ff", "", 400, "…name is not UTF-8"},
  });
}

}  // namespace
}  // namespace tern::rest
