#include "rest/update_mask.h"

#include <gtest/gtest.h>

#include "rest/edges_service.h"

namespace tern::rest {
namespace {

using test::edges::Update;

std::string filled(const std::string& body) {
  Update update;
  fill_update_mask(update, *Update::descriptor()->FindFieldByName("update_mask"), *test::edges::Kinds::descriptor(),
                   body);
  std::string paths;
  for (const std::string& path : update.update_mask().paths()) paths += (paths.empty() ? "" : " ") + path;
  return paths;
}

TEST(UpdateMask, HasTheFieldsOfTheBody) {
  const struct {
    const char* body;
    const char* paths;
  } cases[] = {
      {R"({"number":1,"id":""})", "id number"},
      {R"({"dc:title":"a","updateMask":1})", "title"},
      {R"({"title":null})", "title"},
      {R"({"book":{"title":"a","sequel":{"pages":1}}})", "book.sequel.pages book.title"},
      {R"({"book":{}})", "book"},
      {R"({"books":[{"title":"a"}],"numbers":[],"shelf":{"a":{"title":"b"}},"names":{}})", "books names numbers shelf"},
      {R"({"time":"1970-01-01T00:00:01Z","text":"a","list":[1]})", "list text time"},
      {R"({"object":{"a":{"b":1},"c":{}},"value":{"d":[1]}})", "object.a.b object.c value.d"},
      {R"({"any":{"@type":"type.googleapis.com/tern.test.edges.v1.Book","title":"a"}})", "any"},
      {R"({"unknown":{"a":1}})", ""},
      {"{}", ""},
      {"null", ""},
  };
  for (const auto& each : cases) EXPECT_EQ(filled(each.body), each.paths) << each.body;
}

TEST(UpdateMask, IsFilledForPatchWhereTheClientSentNone) {
  test::expect_edges({
      {"PATCH", "/v1/patch", R"({"number":1,"book":{"title":"a"}})", 200,
       R"({"kinds":{"book":{"title":"a"},"number":1},"updateMask":"book.title,number"})"},
      {"PATCH", "/v1/patch?update_mask=flag", R"({"number":1})", 200, R"({"kinds":{"number":1},"updateMask":"flag"})"},
      {"PATCH", "/v1/patch?updateMask=", R"({"number":1})", 200, R"({"kinds":{"number":1},"updateMask":"number"})"},
      {"PATCH", "/v1/patch", "", 200, "{}"},
      {"PUT", "/v1/patch", R"({"number":1})", 200, R"({"kinds":{"number":1}})"},
      {"PATCH", "/v1/patch/7", R"({"kinds":{"number":1}})", 200, R"({"kinds":{"id":"7","number":1}})"},
      {"PATCH", "/v1/patch-two", R"({"number":1})", 200, R"({"kinds":{"number":1}})"},
  });
}

}  // namespace
}  // namespace tern::rest
