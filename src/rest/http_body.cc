#include "rest/http_body.h"

#include <google/protobuf/descriptor.h>

#include <utility>

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

const Field* content_type_of(const pb::Descriptor& type) { return type.FindFieldByNumber(1); }
const Field* data_of(const pb::Descriptor& type) { return type.FindFieldByNumber(2); }

bool is_single(const Field* field, Field::Type type) {
  return field != nullptr && field->type() == type && !field->is_repeated();
}

}  // namespace

bool is_http_body(const pb::Descriptor& type) {
  return type.full_name() == "google.api.HttpBody" && is_single(content_type_of(type), Field::TYPE_STRING) &&
         is_single(data_of(type), Field::TYPE_BYTES);
}

bool is_http_body(const Field& field) {
  return field.type() == Field::TYPE_MESSAGE && !field.is_repeated() && is_http_body(*field.message_type());
}

HttpBody read_http_body(const pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& reflection = *message.GetReflection();
  HttpBody body{reflection.GetString(message, content_type_of(type)), reflection.GetString(message, data_of(type))};
  if (body.content_type.empty()) body.content_type = "application/octet-stream";
  return body;
}

void write_http_body(pb::Message& message, HttpBody body) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& reflection = *message.GetReflection();
  reflection.SetString(&message, content_type_of(type), std::move(body.content_type));
  reflection.SetString(&message, data_of(type), std::move(body.data));
}

}  // namespace tern::rest
