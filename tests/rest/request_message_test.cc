#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rest/edges_service.h"

namespace tern::rest {
namespace {

using test::EdgeCase;
using test::expect_edges;

TEST(RequestMessage, BindsABodyToAFieldOfAnyKind) {
  expect_edges({
      {"POST", "/v1/echo/7/book", R"({"title":"t"})", 200, R"({"id":"7","book":{"title":"t"}})"},
      {"POST", "/v1/echo/7/book", " {} ", 200, R"({"id":"7","book":{}})"},
      {"POST", "/v1/echo/7/book", "null", 200, R"({"id":"7"})"},
      {"POST", "/v1/echo/7/book", "", 200, R"({"id":"7"})"},
      {"POST", "/v1/echo/7/number", "5", 200, R"({"id":"7","number":5})"},
      {"POST", "/v1/echo/7/number", R"("5")", 200, R"({"id":"7","number":5})"},
      {"POST", "/v1/echo/7/large", R"("9007199254740993")", 200, R"({"id":"7","large":"9007199254740993"})"},
      {"POST", "/v1/echo/7/flag", "true", 200, R"({"id":"7","flag":true})"},
      {"POST", "/v1/echo/7/blob", R"("AQI=")", 200, R"({"id":"7","blob":"AQI="})"},
      {"POST", "/v1/echo/7/color", R"("COLOR_RED")", 200, R"({"id":"7","color":"COLOR_RED"})"},
      {"POST", "/v1/echo/7/color", "1", 200, R"({"id":"7","color":"COLOR_RED"})"},
      {"POST", "/v1/echo/7/title", R"("x")", 200, R"({"id":"7","dc:title":"x"})"},
      {"POST", "/v1/echo/7/books", R"([{"pages":1},{}])", 200, R"({"id":"7","books":[{"pages":1},{}]})"},
      {"POST", "/v1/echo/7/numbers", "[1,2]", 200, R"({"id":"7","numbers":[1,2]})"},
      {"POST", "/v1/echo/7/shelf", R"({"a":{"pages":1}})", 200, R"({"id":"7","shelf":{"a":{"pages":1}}})"},
      {"POST", "/v1/echo/7/names", R"({"1":"one"})", 200, R"({"id":"7","names":{"1":"one"}})"},
      {"POST", "/v1/echo/7/time", R"("1970-01-01T00:00:01Z")", 200, R"({"id":"7","time":"1970-01-01T00:00:01Z"})"},
      {"POST", "/v1/echo/7/text", R"("")", 200, R"({"id":"7","text":""})"},
      {"POST", "/v1/echo/7/value", R"([1,"a"])", 200, R"({"id":"7","value":[1,"a"]})"},
      {"POST", "/v1/echo/7/value", "null", 200, R"({"id":"7","value":null})"},
      {"POST", "/v1/echo/7/list", "[null]", 200, R"({"id":"7","list":[null]})"},
      {"POST", "/v1/echo/7/object", R"({"k":{}})", 200, R"({"id":"7","object":{"k":{}}})"},
      {"POST", "/v1/echo/7/word", R"("w")", 200, R"({"id":"7","word":"w"})"},
      {"POST", "/v1/echo/7/number", R"("five")", 400, "…the JSON does not fit tern.test.edges.v1.Kinds"},
      {"POST", "/v1/echo/7/numbers", R"({"a":1})", 400, "…the JSON does not fit tern.test.edges.v1.Kinds"},
      {"POST", "/v1/echo/7/book", "[1]", 400, "…the JSON does not fit tern.test.edges.v1.Kinds"},
  });
}

TEST(RequestMessage, TakesOnlyTheBodysFieldFromTheBody) {
  std::vector<EdgeCase> cases;
  for (const char* field : {"book", "number", "books", "numbers", "shelf", "value", "title"}) {
    for (const char* body : {R"({"title":"t"},"flag":true,"word":"evil")", R"({"title":"t"}, "id":"8")",
                             R"(1,"id":"8")", R"("a","id":"8")", R"([],"id":"8")", R"({}}{)",
                             R"({"title":"t"})"
                             "}",
                             "1 2"}) {
      cases.push_back({"POST", std::string{"/v1/echo/7/"} + field, body, 400, "…the body: invalid JSON at byte "});
    }
  }
  cases.push_back(
      {"POST", "/v1/echo/7/book?flag=true", R"({"title":"t"})", 200, R"({"id":"7","book":{"title":"t"},"flag":true})"});
  expect_edges(cases);
}

TEST(RequestMessage, RejectsJsonThatIsNotStrict) {
  std::vector<EdgeCase> cases;
  for (const char* body : {"{'id':'a'}", R"({"id":'a'})", "{id:\"a\"}", R"({"id":"a",})", R"({"numbers":[1,]})",
                           R"({"id":"a"} x)", R"({"id":"a"}{})", R"({"id":"a" "flag":true})", "{\"id\":\"a\n\"}",
                           "{\"id\":\"\xff\"}", R"({"number":01})", R"({"number":+1})", R"({"number":0x10})",
                           R"({"flag":True})", R"({"ratio":NaN})", "// a comment\n{}", "{", "\"", ","}) {
    cases.push_back({"POST", "/v1/echo", body, 400, "…the body: invalid JSON at byte "});
  }
  cases.push_back({"POST", "/v1/echo", R"({"id":"a","id":"b"})", 400, R"(…one object has the name \"id\" twice)"});
  cases.push_back({"POST", "/v1/echo", R"({"books":[{"title":"a","title":"a"}]})", 400,
                   R"(…one object has the name \"title\" twice)"});
  cases.push_back({"POST", "/v1/echo", R"({"id":"a","i\u0064":"b"})", 400, R"(…one object has the name \"id\" twice)"});
  cases.push_back({"POST", "/v1/echo", R"({"value":)" + std::string(101, '[') + std::string(101, ']') + "}", 400,
                   "…the JSON is nested deeper than 100 levels"});
  cases.push_back({"POST", "/v1/echo", std::string(100'000, '['), 400, "…the JSON is nested deeper than 100 levels"});
  expect_edges(cases);
}

TEST(RequestMessage, IgnoresUnknownNames) {
  expect_edges({
      {"POST", "/v1/echo", R"({"id":"a","newField":{"x":[1]},"book":{"isbn":1}})", 200, R"({"id":"a","book":{}})"},
      {"POST", "/v1/echo/7/book", R"({"title":"t","isbn":"1"})", 200, R"({"id":"7","book":{"title":"t"}})"},
      {"POST", "/tern.test.edges.v1.Edges/Echo", R"({"id":"a","newField":1})", 200, R"({"id":"a"})"},
  });
}

TEST(RequestMessage, RejectsUnknownNamesWhereTheSiteAsksForIt) {
  SiteOptions options;
  options.reject_unknown_fields = true;
  expect_edges(
      {
          {"POST", "/v1/echo", R"({"id":"a","newField":1})", 400, "…newField: Cannot find field."},
          {"POST", "/v1/echo/7/book", R"({"isbn":"1"})", 400, "…isbn: Cannot find field."},
          {"POST", "/tern.test.edges.v1.Edges/Echo", R"({"newField":1})", 400, "…newField: Cannot find field."},
          {"POST", "/v1/echo", R"({"id":"a"})", 200, R"({"id":"a"})"},
      },
      options);
}

TEST(RequestMessage, BindsQueryParametersOfEachKind) {
  expect_edges({
      {"GET", "/v1/echo?book.title=t&book.sequel.pages=3", "", 200, R"({"book":{"title":"t","sequel":{"pages":3}}})"},
      {"GET", "/v1/echo?numbers=1&numbers=2", "", 200, R"({"numbers":[1,2]})"},
      {"GET", "/v1/echo?color=COLOR_RED", "", 200, R"({"color":"COLOR_RED"})"},
      {"GET", "/v1/echo?color=1", "", 200, R"({"color":"COLOR_RED"})"},
      {"GET", "/v1/echo?color=77", "", 200, R"({"color":77})"},
      {"GET", "/v1/echo?color=COLOR_BLUE", "", 400, "…is no tern.test.edges.v1.Color"},
      {"GET", "/v1/echo?large=-9223372036854775808&ratio=1e-3&flag=true", "", 200,
       R"({"large":"-9223372036854775808","ratio":0.001,"flag":true})"},
      {"GET", "/v1/echo?dc:title=x", "", 200, R"({"dc:title":"x"})"},
      {"GET", "/v1/echo?title=x", "", 200, R"({"dc:title":"x"})"},
      {"GET", "/v1/echo?maybe=0", "", 200, R"({"maybe":0})"},
      {"GET", "/v1/echo?time=1970-01-01T00:00:01Z&age=1.5s", "", 200,
       R"({"time":"1970-01-01T00:00:01Z","age":"1.500s"})"},
      {"GET", "/v1/echo?text=a&limit=18446744073709551615", "", 200, R"({"text":"a","limit":"18446744073709551615"})"},
      {"GET", "/v1/echo?mask=book.title,largeNumber", "", 200, R"({"mask":"book.title,largeNumber"})"},
      {"GET", "/v1/echo?blob=AQI", "", 200, R"({"blob":"AQI="})"},
      {"GET", "/v1/echo?word=w", "", 200, R"({"word":"w"})"},
      {"GET", "/v1/books/t/1?book.title=u", "", 200,
       R"({"book":{"title":"u","sequel":{"title":"t"}},"color":"COLOR_RED"})"},
      {"GET", "/v1/echo?book=x", "", 400, "…belongs into the path or the body"},
      {"GET", "/v1/echo?books.title=x", "", 400, R"(…\"tern.test.edges.v1.Kinds.books\" is repeated)"},
      {"GET", "/v1/echo?word=%ff", "", 400, R"(…query parameter \"word\" is not UTF-8)"},
      {"GET", "/v1/echo?word=%ed%a0%80", "", 400, R"(…query parameter \"word\" is not UTF-8)"},
      {"GET", "/v1/echo?word=%f0%9f%98%80", "", 200, "{\"word\":\"\xf0\x9f\x98\x80\"}"},
  });
}

TEST(RequestMessage, TakesLettersThatClientsDoNotEscape) {
  expect_edges({
      {"GET", "/v1/echo?word=a|b", "", 200, R"({"word":"a|b"})"},
      {"GET", "/v1/echo?word={x}", "", 200, R"({"word":"{x}"})"},
      {"GET", "/v1/echo?word=a^b", "", 200, R"({"word":"a^b"})"},
      {"GET", "/v1/echo?word=[1]`", "", 200, R"({"word":"[1]`"})"},
      {"GET", "/v1/echo?word=a\\b", "", 200, R"({"word":"a\\b"})"},
      {"GET", "/v1/echo?word=\"a\"", "", 200, R"({"word":"\"a\""})"},
      {"GET", "/v1/echo?word=<a>", "", 200, R"({"word":"\u003ca\u003e"})"},
      {"GET", "/v1/echo?word=a%7Cb+c%2B", "", 200, R"({"word":"a|b c+"})"},
      {"GET", "/v1/echo?word=a=b", "", 200, R"({"word":"a=b"})"},
      {"GET", "/v1/echo?&&word=a&", "", 200, R"({"word":"a"})"},
      {"GET", "/v1/echo?word", "", 200, R"({"word":""})"},
      {"GET", "/v1/echo?word=100%", "", 400, R"(…\"100%\" has a broken percent-escape)"},
      {"GET", "/v1/echo?word=%zz", "", 400, R"(…\"%zz\" has a broken percent-escape)"},
  });
}

}  // namespace
}  // namespace tern::rest
