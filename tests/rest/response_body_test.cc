#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rest/edges_service.h"

namespace tern::rest {
namespace {

using test::EdgeCase;
using test::expect_edges;

struct Field {
  const char* name;
  const char* full;
  const char* empty;
};

// With and without SiteOptions::print_default_values; a book is the only one that looks different.
constexpr Field kFields[] = {
    {"number", "-7", "0"},
    {"large", R"("1152921504606846976")", R"("0")"},
    {"ratio", "0.5", "0"},
    {"flag", "true", "false"},
    {"blob", R"("AQI=")", R"("")"},
    {"color", R"("COLOR_RED")", R"("COLOR_UNSPECIFIED")"},
    {"title", R"("a\":{},\"b")", R"("")"},
    {"maybe", "0", "null"},
    {"numbers", "[1,0]", "[]"},
    {"names", R"({"4":"four"})", "{}"},
    {"time", R"("1970-01-01T00:00:01Z")", "null"},
    {"age", R"("90s")", "null"},
    {"text", R"("")", "null"},
    {"limit", R"("5")", "null"},
    {"value", "null", "null"},
    {"list", "[true]", "[]"},
    {"object", R"({"k":1})", "{}"},
    {"nothing", "null", "null"},
    {"mask", R"("book.title")", "null"},
    {"word", R"("w")", "null"},
};

std::vector<EdgeCase> of_all_fields() {
  std::vector<EdgeCase> cases;
  for (const Field& field : kFields) {
    cases.push_back({"GET", std::string{"/v1/show/full/"} + field.name, "", 200, field.full});
    cases.push_back({"GET", std::string{"/v1/show/empty/"} + field.name, "", 200, field.empty});
  }
  return cases;
}

TEST(ResponseBody, IsTheJsonOfAFieldOfAnyKind) {
  std::vector<EdgeCase> cases = of_all_fields();
  cases.push_back({"GET", "/v1/show/full/book", "", 200, R"({"title":"T"})"});
  cases.push_back({"GET", "/v1/show/empty/book", "", 200, "{}"});
  cases.push_back({"GET", "/v1/show/full/books", "", 200, R"([{"pages":3}])"});
  cases.push_back({"GET", "/v1/show/full/shelf", "", 200, R"({"x":{"title":"y"}})"});
  cases.push_back(
      {"GET", "/v1/show/full/any", "", 200, R"({"@type":"type.googleapis.com/tern.test.edges.v1.Book","title":"T"})"});
  cases.push_back({"GET", "/v1/show/empty/any", "", 200, "{}"});
  expect_edges(cases);
}

TEST(ResponseBody, IsTheSameWhereDefaultValuesAreWritten) {
  SiteOptions options;
  options.print_default_values = true;
  std::vector<EdgeCase> cases = of_all_fields();
  cases.push_back({"GET", "/v1/show/full/book", "", 200, R"({"title":"T","pages":0})"});
  cases.push_back({"GET", "/v1/show/empty/book", "", 200, "{}"});
  cases.push_back({"GET", "/v1/show/full/books", "", 200, R"([{"title":"","pages":3}])"});
  expect_edges(cases, options);
}

}  // namespace
}  // namespace tern::rest
