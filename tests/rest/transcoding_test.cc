#include <gtest/gtest.h>

#include <string>

#include "rest/http_client.h"
#include "rest/library_service.h"

namespace tern::rest {
namespace {

using test::Answer;
using test::Http1Client;

template <class Body>
void with_library(Body body, SiteOptions options = {}) {
  static test::LibraryService service;
  test::with_site(
      [](Site& site, Server& server) {
        server.add_service(service);
        site.add_services(server);
      },
      body, std::move(options));
}

struct TranscodingCase {
  const char* method;
  const char* target;
  const char* body;
  unsigned status;
  const char* answer;
};

void expect_transcoded(const std::vector<TranscodingCase>& cases, SiteOptions options = {}) {
  with_library(
      [&cases](Http1Client& client) -> Task<void> {
        for (const TranscodingCase& each : cases) {
          const Answer answer =
              co_await client.ask(each.method, each.target, each.body, "Content-Type: application/json\r\n");
          EXPECT_EQ(answer.result_int(), each.status) << each.method << " " << each.target;
          EXPECT_EQ(answer.body(), each.answer) << each.method << " " << each.target;
        }
      },
      std::move(options));
}

TEST(Transcoding, PathsBind) {
  expect_transcoded({
      {"GET", "/v1/shelves/1/books/2", "", 200, R"({"name":"shelves/1/books/2","title":"한글"})"},
      {"GET", "/v1/books/a/b%20c", "", 200, R"({"name":"a/b c","title":"한글"})"},
      {"LEND", "/v1/shelves/1/books/2", "", 200, R"({"name":"shelves/1/books/2","title":"한글"})"},
      {"DELETE", "/v1/shelves/1/books/2:forget", "", 200, R"({"name":"shelves/1/books/2","title":"한글"})"},
      {"GET", "/v1/bindings/BINDING_PAPERBACK/books", "", 200,
       R"({"asked":{"filter":{"binding":"BINDING_PAPERBACK"}}})"},
      {"GET", "/v1/bindings/1/books", "", 200, R"({"asked":{"filter":{"binding":"BINDING_HARDCOVER"}}})"},
      {"GET", "/v1/bindings/x/books", "", 400,
       R"({"code":3,"message":"filter.binding: \"x\" is no tern.test.library.v1.Binding","details":[]})"},
  });
}

TEST(Transcoding, QueriesBind) {
  expect_transcoded({
      {"GET", "/v1/shelves/7/books?page_size=1", "", 200,
       R"({"books":[{"title":"book 0"}],"asked":{"shelf":"7","pageSize":1}})"},
      {"GET", "/v1/shelves/7/books?author=a&author=b%26c", "", 200, R"({"asked":{"shelf":"7","author":["a","b&c"]}})"},
      {"GET", "/v1/shelves/7/books?filter.lent=true&filter.pages=300&weight=1.5", "", 200,
       R"({"asked":{"shelf":"7","filter":{"lent":true,"pages":300},"weight":1.5}})"},
      {"GET", "/v1/shelves/7/books?since=2026-11-25T01:02:03Z&age=1.5s&serial=18446744073709551615", "", 200,
       R"({"asked":{"shelf":"7","since":"2026-11-25T01:02:03Z","age":"1.500s","serial":"18446744073709551615"}})"},
      {"GET", "/v1/shelves/7/books?token=AQID&bindings=BINDING_HARDCOVER&bindings=2", "", 200,
       R"({"asked":{"shelf":"7","token":"AQID","bindings":["BINDING_HARDCOVER","BINDING_PAPERBACK"]}})"},
      {"GET", "/v1/shelves/1/books/2?mask=title,coverArt", "", 200,
       R"({"name":"shelves/1/books/2","title":"한글","authors":["title","cover_art"]})"},
  });
}

TEST(Transcoding, WrongQueriesSayWhatIsWrong) {
  expect_transcoded({
      {"GET", "/v1/shelves/7/books?pages=1", "", 400,
       R"({"code":3,"message":"query parameter \"pages\": tern.test.library.v1.ListBooksRequest has no field \"pages\"","details":[]})"},
      {"GET", "/v1/shelves/7/books?page_size=one", "", 400,
       R"({"code":3,"message":"query parameter \"page_size\": \"one\" is no int32","details":[]})"},
      {"GET", "/v1/shelves/7/books?page_size=1&page_size=2", "", 400,
       R"({"code":3,"message":"query parameter \"page_size\" is given 2 times","details":[]})"},
      {"GET", "/v1/shelves/7/books?shelf=8", "", 400,
       R"({"code":3,"message":"query parameter \"shelf\" belongs into the path or the body","details":[]})"},
      {"GET", "/v1/shelves/7/books?filter.lent=perhaps", "", 400,
       R"({"code":3,"message":"query parameter \"filter.lent\": \"perhaps\" is no bool","details":[]})"},
      {"GET", "/v1/shelves/7/books?filter.binding.x=1", "", 400,
       R"({"code":3,"message":"query parameter \"filter.binding.x\": \"tern.test.library.v1.Filter.binding\" is no message","details":[]})"},
      {"GET", "/v1/shelves/7/books?since=yesterday", "", 400,
       R"({"code":3,"message":"query parameter \"since\": \"yesterday\" is no google.protobuf.Timestamp","details":[]})"},
      {"GET", "/v1/shelves/7/books?page_size=%zz", "", 400,
       R"({"code":3,"message":"\"%zz\" has a broken percent-escape","details":[]})"},
  });
}

TEST(Transcoding, BodiesBind) {
  expect_transcoded({
      {"POST", "/v1/books:search", R"({"shelf":"7","pageSize":1,"filter":{"lent":true}})", 200,
       R"({"books":[{"title":"book 0"}],"asked":{"shelf":"7","pageSize":1,"filter":{"lent":true}}})"},
      {"POST", "/v1/shelves/3/books?draft=true", R"({"title":"t","chapters":{"one":1},"parts":[{"title":"p"}]})", 200,
       R"({"name":"shelves/3/drafts","title":"t","chapters":{"one":1},"parts":[{"title":"p"}]})"},
      // The path goes before the body.
      {"PATCH", "/v1/shelves/3/books/new", R"({"shelf":"4","book":{"title":"old","cover":"AQID"}})", 200,
       R"({"name":"shelves/3/books","title":"new","cover":"AQID"})"},
      {"PUT", "/v1/shelves/3", R"({"title":"t"})", 200, R"({"name":"shelves/3/books","title":"t"})"},
      {"POST", "/v1/shelves/3/books", R"({"title":[]})", 400,
       R"({"code":3,"message":"the body: the JSON does not fit tern.test.library.v1.WriteBookRequest: (book) title: Proto field is not repeating, cannot start list.","details":[]})"},
      {"POST", "/v1/books:search", "", 200, R"({"asked":{}})"},
  });
}

TEST(Transcoding, OneFieldOfTheResponse) {
  expect_transcoded({
      {"GET", "/v1/shelves/7/titles?page_size=2", "", 200, R"([{"title":"book 0"},{"title":"book 1"}])"},
      {"GET", "/v1/shelves/7/titles", "", 200, "[]"},
  });
}

TEST(Transcoding, DefaultValuesWhereTheyAreWanted) {
  SiteOptions options;
  options.print_default_values = true;
  expect_transcoded(
      {{"GET", "/v1/shelves/7/titles?page_size=1", "", 200,
        R"([{"name":"","title":"book 0","binding":"BINDING_UNSPECIFIED","authors":[],"chapters":{},"parts":[],"cover":""}])"}},
      options);
}

TEST(Transcoding, ErrorsAreStatusesWithTheirHttpCode) {
  expect_transcoded(
      {{"GET", "/v1/shelves/1/books/missing", "", 404, R"({"code":5,"message":"no \"missing\"","details":[]})"},
       {"GET", "/v1/books:watch?status=16", "", 401, R"({"code":16,"message":"as asked","details":[]})"},
       {"GET", "/v1/books:watch?status=8", "", 429, R"({"code":8,"message":"as asked","details":[]})"},
       {"GET", "/v1/books:watch?status=14", "", 503, R"({"code":14,"message":"as asked","details":[]})"}});
}

TEST(Transcoding, StreamsAreLinesOrEvents) {
  expect_transcoded({{"GET", "/v1/books:watch?count=2", "", 200, "{\"title\":\"book 0\"}\n{\"title\":\"book 1\"}\n"},
                     {"GET", "/v1/books:watch?count=1&status=9", "", 200,
                      "{\"title\":\"book 0\"}\n{\"error\":{\"code\":9,\"message\":\"as asked\",\"details\":[]}}\n"},
                     {"GET", "/v1/books:watch", "", 200, ""}});
  with_library([](Http1Client& client) -> Task<void> {
    const Answer events = co_await client.ask("GET", "/v1/books:watch?count=1", {}, "Accept: text/event-stream\r\n");
    EXPECT_EQ(events["content-type"], "text/event-stream");
    EXPECT_EQ(events.body(), "data: {\"title\":\"book 0\"}\n\nevent: end\ndata: {}\n\n");
    const Answer failed =
        co_await client.ask("GET", "/v1/books:watch?count=1&status=9", {}, "Accept: text/event-stream\r\n");
    EXPECT_NE(failed.body().find("event: error\ndata: {\"code\":9"), std::string::npos);
  });
}

TEST(Transcoding, FieldsAreMetadataBothWays) {
  with_library([](Http1Client& client) -> Task<void> {
    const Answer answer = co_await client.ask("GET", "/v1/shelves/1/books/2", {},
                                              "X-Tell: hello\r\nX-Forwarded-For: 1.2.3.4\r\nGrpc-Timeout: 10S\r\n");
    EXPECT_EQ(answer["x-told"], "hello");
    EXPECT_EQ(answer["trailer-x-seen"], "1.2.3.4, 127.0.0.1");
    const Answer wrong = co_await client.ask("GET", "/v1/shelves/1/books/2", {}, "Grpc-Timeout: soon\r\n");
    EXPECT_EQ(wrong.result_int(), 400U);
  });
}

}  // namespace
}  // namespace tern::rest
