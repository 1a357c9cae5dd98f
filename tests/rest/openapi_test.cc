#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "rest/http_client.h"
#include "rest/library_service.h"

namespace tern::rest {
namespace {

namespace json = boost::json;
using test::Answer;
using test::Http1Client;

/// The document of library.proto.
json::value document() {
  json::value parsed;
  static test::LibraryService service;
  SiteOptions options;
  options.title = "The library";
  options.version = "2.0";
  test::with_site(
      [](Site& site, Server& server) {
        server.add_service(service);
        site.add_services(server);
        site.add_openapi();
      },
      [&parsed](Http1Client& client) -> Task<void> {
        const Answer answer = co_await client.ask("GET", "/openapi.json");
        EXPECT_EQ(answer["content-type"], "application/json");
        parsed = json::parse(answer.body());
      },
      options);
  return parsed;
}

TEST(OpenApi, SaysWhatTheSiteIs) {
  const json::value whole = document();
  EXPECT_EQ(whole.at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(whole.at("info").at("title").as_string(), "The library");
  EXPECT_EQ(whole.at("info").at("version").as_string(), "2.0");
  EXPECT_EQ(whole.at("tags").at(0).at("description").as_string(), "Books on shelves.");
}

TEST(OpenApi, HasEveryBindingOnce) {
  const json::value whole = document();
  std::string all;
  for (const auto& path : whole.at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      all += std::string{operation.key()} + " " + std::string{path.key()} + "\n";
    }
  }
  EXPECT_EQ(all,
            "post /v1/shelves/{shelf}/books\n"
            "get /v1/shelves/{shelf}/books\n"
            "get /v1/{name}\n"
            "x-lend /v1/{name}\n"
            "get /v1/books/{name}\n"
            "delete /v1/{name}:forget\n"
            "post /v1/books:search\n"
            "get /v1/shelves/{shelf}/titles\n"
            "get /v1/bindings/{filter.binding}/books\n"
            "patch /v1/shelves/{shelf}/books/{book.title}\n"
            "put /v1/shelves/{shelf}\n"
            "get /v1/books:watch\n");
}

TEST(OpenApi, ParametersBodiesAndComments) {
  const json::value whole = document();
  const json::value& list = whole.at("paths").at("/v1/shelves/{shelf}/books").at("get");
  EXPECT_EQ(list.at("summary").as_string(), "The books of a shelf");
  std::string parameters;
  for (const json::value& each : list.at("parameters").as_array()) {
    parameters += std::string{each.at("in").as_string()} + ":" + std::string{each.at("name").as_string()} + " ";
  }
  EXPECT_EQ(parameters,
            "path:shelf query:pageSize query:author query:filter.binding query:filter.lent query:filter.pages "
            "query:weight query:since query:age query:serial query:token query:bindings ");
  const json::value& create = whole.at("paths").at("/v1/shelves/{shelf}/books").at("post");
  EXPECT_EQ(create.at("requestBody").at("content").at("application/json").at("schema").at("$ref").as_string(),
            "#/components/schemas/tern.test.library.v1.Book");
  const json::value& update = whole.at("paths").at("/v1/shelves/{shelf}/books/{book.title}").at("patch");
  const json::value& body = update.at("requestBody").at("content").at("application/json").at("schema");
  EXPECT_FALSE(body.at("properties").as_object().contains("shelf"));
  EXPECT_TRUE(body.at("properties").as_object().contains("draft"));
  // The path has one field of the book, the body the others.
  EXPECT_TRUE(body.at("properties").as_object().contains("book"));
  const json::value& watch = whole.at("paths").at("/v1/books:watch").at("get").at("responses").at("200").at("content");
  EXPECT_TRUE(watch.as_object().contains("text/event-stream"));
  EXPECT_TRUE(watch.as_object().contains("application/x-ndjson"));
}

TEST(OpenApi, MessagesAreSchemas) {
  const json::value whole = document();
  const json::value& schemas = whole.at("components").at("schemas");
  const json::value& book = schemas.at("tern.test.library.v1.Book");
  EXPECT_EQ(book.at("description").as_string(), "A book, which may have others in it.");
  const json::value& fields = book.at("properties");
  EXPECT_EQ(json::serialize(fields.at("name")), R"({"type":"string","description":"\"shelves/1/books/2\"."})");
  EXPECT_EQ(json::serialize(fields.at("parts")),
            R"({"type":"array","items":{"$ref":"#/components/schemas/tern.test.library.v1.Book"}})");
  EXPECT_EQ(json::serialize(fields.at("chapters")),
            R"({"type":"object","additionalProperties":{"type":"integer","format":"int32"}})");
  EXPECT_EQ(json::serialize(fields.at("published")), R"({"type":"string","format":"date-time"})");
  EXPECT_EQ(json::serialize(schemas.at("tern.test.library.v1.Binding")),
            R"({"type":"string","enum":["BINDING_UNSPECIFIED","BINDING_HARDCOVER","BINDING_PAPERBACK"],)"
            R"("description":"How a book is bound.\n\n- BINDING_PAPERBACK: With a soft cover."})");
  // Every reference leads somewhere.
  const std::string text = json::serialize(whole);
  const std::string_view mark = "#/components/schemas/";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t name = at + mark.size();
    EXPECT_TRUE(schemas.as_object().contains(text.substr(name, text.find('"', name) - name)));
  }
}

}  // namespace
}  // namespace tern::rest
