#include "rest/openapi_schema.h"

#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "tern/rpc/proto_comments.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
namespace json = boost::json;
using Field = pb::FieldDescriptor;

json::object type(std::string_view name, std::string_view format = {}) {
  json::object schema{{"type", name}};
  if (!format.empty()) schema["format"] = format;
  return schema;
}

// Of these, JSON is not an object of their fields.
bool well_known(const pb::Descriptor& message, json::object& schema) {
  switch (message.well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_FLOATVALUE:
      schema = type("number");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_UINT64VALUE:
      schema = type("string", "int64");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_UINT32VALUE:
      schema = type("integer", "int32");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      schema = type("string");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_BYTESVALUE:
      schema = type("string", "byte");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      schema = type("boolean");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      schema = {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]+)?s$"}};
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      schema = type("string", "date-time");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      schema = {};
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      schema = {{"type", "array"}, {"items", json::object{}}};
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      schema = type("object");
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      schema = {{"type", "object"}, {"properties", {{"@type", type("string")}}}, {"additionalProperties", true}};
      return true;
    default:
      return false;
  }
}

void describe(json::object& schema, const std::string& full_name) {
  const std::string text = description_of(full_name);
  if (!text.empty()) schema["description"] = text;
}

json::object reference(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

}  // namespace

std::string description_of(const std::string& full_name) {
  std::string text{ProtoComments::find(full_name)};
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    const bool paragraph = text.compare(at, 2, "\n\n") == 0;
    if (paragraph) {
      ++at;
    } else {
      text[at] = ' ';
    }
  }
  return text;
}

json::object OpenApiSchemas::of(const pb::Descriptor& message) {
  json::object schema;
  if (well_known(message, schema)) return schema;
  if (!gathered_.contains(message.full_name())) {
    gathered_[message.full_name()] = nullptr;  // so that it may have itself among its fields
    json::object whole = without(message, {});
    gathered_[message.full_name()] = std::move(whole);
  }
  return reference(message.full_name());
}

json::object OpenApiSchemas::of(const pb::EnumDescriptor& type) {
  if (type.full_name() == "google.protobuf.NullValue") return {{"type", "null"}};
  if (!gathered_.contains(type.full_name())) {
    json::array names;
    for (int i = 0; i < type.value_count(); ++i) names.emplace_back(type.value(i)->name());
    json::object schema{{"type", "string"}, {"enum", std::move(names)}};
    describe(schema, type.full_name());
    gathered_[type.full_name()] = std::move(schema);
  }
  return reference(type.full_name());
}

json::object OpenApiSchemas::without(const pb::Descriptor& message, const std::set<std::string>& fields) {
  json::object properties;
  for (int i = 0; i < message.field_count(); ++i) {
    if (!fields.contains(message.field(i)->name())) properties[message.field(i)->json_name()] = of(*message.field(i));
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  describe(schema, message.full_name());
  return schema;
}

json::object OpenApiSchemas::of(const Field& field) {
  json::object schema;
  if (field.is_map()) {
    schema = {{"type", "object"}, {"additionalProperties", single(*field.message_type()->map_value())}};
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"items", single(field)}};
  } else {
    schema = single(field);
  }
  describe(schema, field.full_name());
  return schema;
}

json::object OpenApiSchemas::single(const Field& field) {
  switch (field.type()) {
    case Field::TYPE_DOUBLE:
      return type("number", "double");
    case Field::TYPE_FLOAT:
      return type("number", "float");
    case Field::TYPE_INT64:
    case Field::TYPE_SINT64:
    case Field::TYPE_SFIXED64:
      return type("string", "int64");
    case Field::TYPE_UINT64:
    case Field::TYPE_FIXED64:
      return type("string", "uint64");
    case Field::TYPE_INT32:
    case Field::TYPE_SINT32:
    case Field::TYPE_SFIXED32:
      return type("integer", "int32");
    case Field::TYPE_UINT32:
    case Field::TYPE_FIXED32:
      return {{"type", "integer"}, {"format", "int64"}, {"minimum", 0}};
    case Field::TYPE_BOOL:
      return type("boolean");
    case Field::TYPE_STRING:
      return type("string");
    case Field::TYPE_BYTES:
      return type("string", "byte");
    case Field::TYPE_ENUM:
      return of(*field.enum_type());
    case Field::TYPE_MESSAGE:
    case Field::TYPE_GROUP:
      return of(*field.message_type());
  }
  return {};
}

}  // namespace tern::rest
