#include "rest/message_fields.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <stdexcept>

#include "rest/status_json.h"
#include "tern/rest/message.h"
#include "text/number.h"
#include "text/utf8.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

[[noreturn]] void refuse(const std::string& called, const std::string& value, const Field& field) {
  std::string wanted{field.type_name()};
  if (field.type() == Field::TYPE_ENUM) wanted = field.enum_type()->full_name();
  if (field.type() == Field::TYPE_MESSAGE) wanted = field.message_type()->full_name();
  throw HttpError{400, called + ": \"" + value + "\" is no " + wanted};
}

template <class Number>
Number number_of(const std::string& called, const std::string& value, const Field& field) {
  const auto number = text::number_of<Number>(value);
  if (!number) refuse(called, value, field);
  return *number;
}

/// A text as JSON: a string, or a number for an enum, which may have numbers without a name.
std::string json_of(const Field& field, const std::string& value) {
  const auto number = text::number_of<std::int32_t>(value);
  return number && field.type() == Field::TYPE_ENUM ? std::to_string(*number) : json_string(value);
}

// Sets the rarer kinds by their JSON: enums, bytes, floating point, timestamps and their like.
void set_by_json(pb::Message& message, const Field& field, const std::string& called,
                 const std::vector<std::string>& values) {
  std::string json;
  for (const std::string& value : values) json += (json.empty() ? "" : ",") + json_of(field, value);
  if (field.is_repeated()) json = fmt::format("[{}]", json);
  const std::unique_ptr<pb::Message> part{message.New()};
  const auto done =
      pb::util::JsonStringToMessage(fmt::format("{{{}:{}}}", json_string(field.name()), json), part.get());
  if (!done.ok()) refuse(called, values.front(), field);
  message.MergeFrom(*part);
}

bool set_number(pb::Message& message, const Field& field, const std::string& called, const std::string& value) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      reflection.SetInt32(&message, &field, number_of<std::int32_t>(called, value, field));
      return true;
    case Field::CPPTYPE_INT64:
      reflection.SetInt64(&message, &field, number_of<std::int64_t>(called, value, field));
      return true;
    case Field::CPPTYPE_UINT32:
      reflection.SetUInt32(&message, &field, number_of<std::uint32_t>(called, value, field));
      return true;
    case Field::CPPTYPE_UINT64:
      reflection.SetUInt64(&message, &field, number_of<std::uint64_t>(called, value, field));
      return true;
    default:
      return false;
  }
}

/// A service cannot read a string that is not UTF-8, so the request is rejected here.
void set_string(pb::Message& message, const Field& field, const std::string& called, const std::string& value) {
  if (!text::is_utf8(value)) throw HttpError{400, called + " is not UTF-8"};
  message.GetReflection()->SetString(&message, &field, value);
}

}  // namespace

std::unique_ptr<pb::Message> new_message(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>{pb::MessageFactory::generated_factory()->GetPrototype(&type)->New()};
}

const Field* field_named(const pb::Descriptor& type, const std::string& name) {
  if (const Field* field = type.FindFieldByName(name)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name) return type.field(i);
  }
  return nullptr;
}

std::vector<const Field*> find_field(const pb::Descriptor& type, std::string_view path) {
  std::vector<const Field*> fields;
  const pb::Descriptor* in = &type;
  for (;;) {
    const std::string name{path.substr(0, path.find('.'))};
    const Field* field = in == nullptr ? nullptr : field_named(*in, name);
    if (field == nullptr) {
      throw std::invalid_argument(in == nullptr ? fmt::format("\"{}\" is no message", fields.back()->full_name())
                                                : fmt::format("{} has no field \"{}\"", in->full_name(), name));
    }
    fields.push_back(field);
    if (name.size() == path.size()) return fields;
    if (field->is_repeated()) throw std::invalid_argument(fmt::format("\"{}\" is repeated", field->full_name()));
    path.remove_prefix(name.size() + 1);
    in = field->message_type();
  }
}

bool can_be_text(const Field& field) {
  if (field.is_map() || field.type() == Field::TYPE_GROUP) return false;
  if (field.type() != Field::TYPE_MESSAGE) return true;
  switch (field.message_type()->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_BOOLVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return true;
    default:
      return false;
  }
}

void set_field(pb::Message& message, const std::vector<const Field*>& field_path, const std::string& called,
               const std::vector<std::string>& values) {
  const Field& field = *field_path.back();
  pb::Message* in = &message;
  for (std::size_t i = 0; i + 1 < field_path.size(); ++i) in = in->GetReflection()->MutableMessage(in, field_path[i]);
  in->GetReflection()->ClearField(in, &field);
  if (field.is_repeated()) return set_by_json(*in, field, called, values);
  if (values.size() > 1) throw HttpError{400, called + " is given " + std::to_string(values.size()) + " times"};
  const std::string& value = values.front();
  if (field.type() == Field::TYPE_STRING) {
    set_string(*in, field, called, value);
  } else if (!set_number(*in, field, called, value)) {
    set_by_json(*in, field, called, values);
  }
}

}  // namespace tern::rest
