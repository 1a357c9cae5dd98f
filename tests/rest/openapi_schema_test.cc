#include "rest/openapi_schema.h"

#include <google/protobuf/compiler/importer.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <sstream>
#include <string>

namespace tern::rest {
namespace {

namespace pb = google::protobuf;
namespace json = boost::json;

/// The .proto files of rest/openapi, read as they are.
class Protos {
 public:
  Protos() {
    std::istringstream dirs{TERN_OPENAPI_IMPORT_DIRS};
    for (std::string dir; std::getline(dirs, dir, ':');) sources_.MapPath("", dir);
  }

  /// The schema of a message of a file.
  json::object schema(const std::string& file, const std::string& message) {
    const pb::FileDescriptor* imported = importer_.Import(file);
    if (imported == nullptr) return {};
    OpenApiSchemas schemas;
    return schemas.without(*imported->FindMessageTypeByName(message), {});
  }
  /// The properties of it, one as JSON.
  std::string property(const std::string& file, const std::string& message, const std::string& name) {
    const json::object whole = schema(file, message);
    const auto* found = whole.empty() ? nullptr : whole.at("properties").as_object().if_contains(name);
    return found == nullptr ? "nothing" : json::serialize(*found);
  }

 private:
  pb::compiler::DiskSourceTree sources_;
  pb::compiler::Importer importer_{&sources_, nullptr};
};

TEST(OpenApiSchema, DescribesEachKindOfField) {
  const struct {
    const char* file;
    const char* message;
    const char* field;
    const char* schema;
  } cases[] = {
      {"21_wrappers.proto", "Wrapped", "double", R"({"type":["number","null"],"format":"double"})"},
      {"21_wrappers.proto", "Wrapped", "float", R"({"type":["number","null"],"format":"float"})"},
      {"21_wrappers.proto", "Wrapped", "int64", R"({"type":["string","null"],"format":"int64"})"},
      {"21_wrappers.proto", "Wrapped", "uint64", R"({"type":["string","null"],"format":"uint64"})"},
      {"21_wrappers.proto", "Wrapped", "int32", R"({"type":["integer","null"],"format":"int32"})"},
      {"21_wrappers.proto", "Wrapped", "uint32", R"({"type":["integer","null"],"format":"int64","minimum":0})"},
      {"21_wrappers.proto", "Wrapped", "bool", R"({"type":["boolean","null"]})"},
      {"21_wrappers.proto", "Wrapped", "string", R"({"type":["string","null"]})"},
      {"21_wrappers.proto", "Wrapped", "bytes", R"({"type":["string","null"],"format":"byte"})"},
      {"22_well_known_types.proto", "Known", "time", R"({"type":"string","format":"date-time"})"},
      {"22_well_known_types.proto", "Known", "age", R"({"type":"string","pattern":"^-?[0-9]+(\\.[0-9]+)?s$"})"},
      {"22_well_known_types.proto", "Known", "mask", R"({"type":"string","format":"field-mask"})"},
      {"22_well_known_types.proto", "Known", "object", R"({"type":"object","additionalProperties":true})"},
      {"22_well_known_types.proto", "Known", "value", "{}"},
      {"22_well_known_types.proto", "Known", "list", R"({"type":"array","items":{}})"},
      {"22_well_known_types.proto", "Known", "nothing", R"({"type":"null"})"},
      {"22_well_known_types.proto", "Known", "any",
       R"({"type":"object","properties":{"@type":{"type":"string"}},"additionalProperties":true})"},
      {"18_query_scalars.proto", "Query", "int64Field", R"({"type":"string","format":"int64"})"},
      {"18_query_scalars.proto", "Query", "fixed64Field", R"({"type":"string","format":"uint64"})"},
      {"18_query_scalars.proto", "Query", "fixed32Field", R"({"type":"integer","format":"int64","minimum":0})"},
      {"18_query_scalars.proto", "Query", "bytesField", R"({"type":"string","format":"byte"})"},
      {"31_field_behavior.proto", "Account", "created", R"({"type":"string","format":"int64","readOnly":true})"},
      {"31_field_behavior.proto", "Account", "password", R"({"type":"string","writeOnly":true})"},
      {"31_field_behavior.proto", "Account", "region", R"({"type":"string","x-immutable":true})"},
      {"31_field_behavior.proto", "Account", "parent",
       R"({"$ref":"#/components/schemas/tern.test.openapi.field_behavior.Account","readOnly":true})"},
      {"32_deprecated.proto", "Thing", "tags", R"({"type":"array","items":{"type":"string"},"deprecated":true})"},
      {"33_resources.proto", "Book", "shelf",
       R"({"type":"string","x-resource-reference":"library.example.com/Shelf"})"},
      {"33_resources.proto", "Book", "parent",
       R"({"type":"string","x-resource-reference":"library.example.com/Book"})"},
      {"35_json_names.proto", "Thing", "dc:title", R"({"type":"string"})"},
      {"34_comments.proto", "Thing", "title", R"({"type":"string","description":"Behind its field."})"},
  };
  Protos protos;
  for (const auto& each : cases) {
    EXPECT_EQ(protos.property(each.file, each.message, each.field), each.schema) << each.file << " " << each.field;
  }
}

TEST(OpenApiSchema, SaysWhatHoldsForTheWholeMessage) {
  const struct {
    const char* file;
    const char* message;
    const char* key;
    const char* value;
  } cases[] = {
      {"31_field_behavior.proto", "Account", "required", R"(["owner","region"])"},
      {"39_proto2.proto", "Thing", "required", R"(["name"])"},
      {"32_deprecated.proto", "Thing", "deprecated", "true"},
      {"33_resources.proto", "Book", "x-resource",
       R"({"type":"library.example.com/Book","patterns":["shelves/{shelf}/books/{book}","books/{book}"]})"},
      {"24_oneofs.proto", "Choice", "allOf",
       R"([{"oneOf":[{"required":["word"]},{"required":["number"]},{"required":["thing"]},)"
       R"({"properties":{"word":false,"number":false,"thing":false}}]},)"
       R"({"oneOf":[{"required":["yes"]},{"required":["no"]},{"properties":{"yes":false,"no":false}}]}])"},
      {"34_comments.proto", "Thing", "description",
       R"("A thing.\n\nIt has \"quotes\", <tags>, back\\\\slashes, and a tab:\t.")"},
  };
  Protos protos;
  for (const auto& each : cases) {
    const json::object schema = protos.schema(each.file, each.message);
    const auto* found = schema.if_contains(each.key);
    EXPECT_EQ(found == nullptr ? "nothing" : json::serialize(*found), each.value) << each.file << " " << each.key;
  }
}

}  // namespace
}  // namespace tern::rest
