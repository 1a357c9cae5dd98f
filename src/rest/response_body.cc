#include "rest/response_body.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "rest/http_body.h"
#include "rest/message_fields.h"
#include "rest/status_json.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

/// Returns the value of the object's member with this name. `object` is protobuf's own JSON, without white space.
std::optional<std::string> member_of(std::string_view object, std::string_view name) {
  const std::string start = json_string(name) + ":";
  std::size_t member = 1;
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < object.size(); ++at) {
    const char letter = object[at];
    if (letter == '\\') {
      ++at;
    } else if (letter == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (letter == '{' || letter == '[') {
      ++depth;
    } else if (depth == 1 && (letter == ',' || letter == '}')) {
      const std::string_view text = object.substr(member, at - member);
      if (text.starts_with(start)) return std::string{text.substr(start.size())};
      member = at + 1;
    } else if (letter == '}' || letter == ']') {
      --depth;
    }
  }
  return std::nullopt;
}

/// The JSON of a message field that is not set: null where its type has no empty value.
std::string unset_message(const pb::Descriptor& type) {
  switch (type.well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      return "{}";
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return "[]";
    default:
      return "null";
  }
}

/// The JSON of a field that protobuf leaves out of an object.
std::string unset_json(const Field& field) {
  if (field.is_map()) return "{}";
  if (field.is_repeated()) return "[]";
  if (field.message_type() != nullptr) return unset_message(*field.message_type());
  if (field.has_presence()) return "null";
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return R"("")";
    case Field::CPPTYPE_BOOL:
      return "false";
    case Field::CPPTYPE_ENUM:
      return json_string(field.default_value_enum()->name());
    case Field::CPPTYPE_INT64:
    case Field::CPPTYPE_UINT64:
      return R"("0")";
    default:
      return "0";
  }
}

void clear_other_fields(pb::Message& message, const Field& kept) {
  std::vector<const Field*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const Field* field : set) {
    if (field != &kept) message.GetReflection()->ClearField(&message, field);
  }
}

bool is_null_value(const Field& field) {
  return field.type() == Field::TYPE_ENUM && !field.is_repeated() &&
         field.enum_type()->full_name() == "google.protobuf.NullValue";
}

Result<std::string> field_json(const Gateway& gateway, pb::Message& message, const Field& field) {
  if (is_null_value(field)) return std::string{"null"};
  clear_other_fields(message, field);
  const Result<std::string> json = gateway.to_json(*message.GetDescriptor(), message.SerializeAsString());
  if (!json.ok()) return json.status();
  return member_of(*json, field.json_name()).value_or(unset_json(field));
}

}  // namespace

Result<ResponseBody> response_body(const Gateway& gateway, const HttpBinding& binding, const std::string& serialised) {
  const pb::Descriptor& type = *binding.method().output_type();
  const Field* field = binding.response_field();
  const bool raw = binding.sends_any_content();
  Result<std::string> json = std::string{};
  if (field == nullptr && !raw) {
    json = gateway.to_json(type, serialised);
  } else {
    const std::unique_ptr<pb::Message> message = new_message(type);
    static_cast<void>(message->ParseFromString(serialised));
    if (raw) {
      HttpBody body =
          read_http_body(field == nullptr ? *message : message->GetReflection()->GetMessage(*message, field));
      return ResponseBody{std::move(body.content_type), std::move(body.data)};
    }
    json = field_json(gateway, *message, *field);
  }
  if (!json.ok()) return json.status();
  return ResponseBody{"application/json", std::move(json).value()};
}

}  // namespace tern::rest
