#include "rest/openapi_schema.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "rest/api_options.h"

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

json::object unsigned_integer() { return {{"type", "integer"}, {"format", "int64"}, {"minimum", 0}}; }

/// A wrapper's JSON is its value's, or null.
json::object nullable(json::object value) {
  value["type"] = json::array{value.at("type"), "null"};
  return value;
}

// JSON of these messages is not an object of their fields.
bool well_known(const pb::Descriptor& message, json::object& schema) {
  switch (message.well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
      schema = nullable(type("number", "double"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_FLOATVALUE:
      schema = nullable(type("number", "float"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_INT64VALUE:
      schema = nullable(type("string", "int64"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_UINT64VALUE:
      schema = nullable(type("string", "uint64"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_INT32VALUE:
      schema = nullable(type("integer", "int32"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_UINT32VALUE:
      schema = nullable(unsigned_integer());
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_STRINGVALUE:
      schema = nullable(type("string"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_BYTESVALUE:
      schema = nullable(type("string", "byte"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      schema = nullable(type("boolean"));
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      schema = type("string", "field-mask");
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
      schema = {{"type", "object"}, {"additionalProperties", true}};
      return true;
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      schema = {{"type", "object"}, {"properties", {{"@type", type("string")}}}, {"additionalProperties", true}};
      return true;
    default:
      return false;
  }
}

template <class Declaration>
void describe(json::object& schema, const Declaration& declaration) {
  const std::string text = description_of(declaration);
  if (!text.empty()) schema["description"] = text;
  if (declaration.options().deprecated()) schema["deprecated"] = true;
}

json::object reference(std::string_view name) { return {{"$ref", fmt::format("#/components/schemas/{}", name)}}; }

/// Adds the options that google.api gives to the field.
void add_options(json::object& schema, const Field& field) {
  const FieldBehavior behavior = behavior_of(field);
  if (behavior.output_only) schema["readOnly"] = true;
  if (behavior.input_only) schema["writeOnly"] = true;
  if (behavior.immutable) schema["x-immutable"] = true;
  if (const std::string type = referenced_resource(field); !type.empty()) schema["x-resource-reference"] = type;
}

void add_resource(json::object& schema, const pb::Descriptor& message) {
  const std::optional<Resource> resource = resource_of(message);
  if (!resource) return;
  schema["x-resource"] = {{"type", resource->type},
                          {"patterns", json::array(resource->patterns.begin(), resource->patterns.end())}};
}

/// At most one field of a oneof is set: one of them, or none.
json::object oneof_schema(const pb::OneofDescriptor& oneof, const json::object& properties) {
  json::array alternatives;
  json::object none;
  for (int i = 0; i < oneof.field_count(); ++i) {
    const std::string name{oneof.field(i)->json_name()};
    if (!properties.contains(name)) continue;
    alternatives.emplace_back(json::object{{"required", json::array{name}}});
    none[name] = false;
  }
  alternatives.emplace_back(json::object{{"properties", std::move(none)}});
  return {{"oneOf", std::move(alternatives)}};
}

/// The comments of an enum's values, as a list below the enum's own.
void describe_values(json::object& schema, const pb::EnumDescriptor& type) {
  std::string list;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string text = description_of(*type.value(i));
    if (!text.empty()) list += (list.empty() ? "" : "\n") + fmt::format("- {}: {}", type.value(i)->name(), text);
  }
  if (list.empty()) return;
  const auto* own = schema.if_contains("description");
  schema["description"] = own == nullptr ? list : std::string{own->as_string()} + "\n\n" + list;
}

}  // namespace

std::string joined_lines(std::string_view comment) {
  std::string text;
  bool paragraph = false;
  while (!comment.empty()) {
    std::string_view line = comment.substr(0, comment.find('\n'));
    comment.remove_prefix(std::min(line.size() + 1, comment.size()));
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty()) {
      paragraph = true;
      continue;
    }
    if (!text.empty()) text += paragraph ? "\n\n" : " ";
    text += line;
    paragraph = false;
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
    describe(schema, type);
    describe_values(schema, type);
    gathered_[type.full_name()] = std::move(schema);
  }
  return reference(type.full_name());
}

json::object OpenApiSchemas::without(const pb::Descriptor& message, const std::set<std::string, std::less<>>& fields) {
  json::object properties;
  json::array required;
  for (int i = 0; i < message.field_count(); ++i) {
    const Field& field = *message.field(i);
    if (fields.contains(field.name())) continue;
    properties[field.json_name()] = of(field);
    if (behavior_of(field).required || field.is_required()) required.emplace_back(field.json_name());
  }
  json::array oneofs;
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    json::object oneof = oneof_schema(*message.oneof_decl(i), properties);
    if (oneof.at("oneOf").as_array().size() > 2) oneofs.emplace_back(std::move(oneof));
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  if (!oneofs.empty()) schema["allOf"] = std::move(oneofs);
  describe(schema, message);
  add_resource(schema, message);
  return schema;
}

json::object OpenApiSchemas::of(const Field& field) {
  json::object schema = value_of(field);
  describe(schema, field);
  add_options(schema, field);
  return schema;
}

json::object OpenApiSchemas::value_of(const Field& field) {
  if (field.is_map()) {
    return {{"type", "object"}, {"additionalProperties", single(*field.message_type()->map_value())}};
  }
  if (field.is_repeated()) return {{"type", "array"}, {"items", single(field)}};
  return single(field);
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
      return unsigned_integer();
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
