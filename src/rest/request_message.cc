#include "rest/request_message.h"

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "rest/http_body.h"
#include "rest/message_fields.h"
#include "rest/update_mask.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
using Body = HttpBinding::Body;

/// The message that is the body where any content may be.
pb::Message& content_message(pb::Message& message, const pb::FieldDescriptor* field) {
  return field == nullptr ? message : *message.GetReflection()->MutableMessage(&message, field);
}

void bind_body(pb::Message& message, const Gateway& gateway, const HttpBinding& binding, const Request& request,
               std::string_view body) {
  const pb::FieldDescriptor* field = binding.body_field();
  if (binding.takes_any_content()) {
    const std::string_view type = request.fields.get("content-type").value_or(std::string_view{});
    return write_http_body(content_message(message, field), {std::string{type}, std::string{body}});
  }
  if (body.empty()) return;
  const Result<std::string> bytes =
      field == nullptr ? gateway.from_json(*message.GetDescriptor(), body) : gateway.field_from_json(*field, body);
  if (!bytes.ok()) throw HttpError{400, "the body: " + bytes.status().details()};
  static_cast<void>(message.ParseFromString(*bytes));
}

bool is_in_path(const HttpBinding& binding, const HttpBinding::FieldPath& field) {
  return std::ranges::any_of(binding.path_fields(), [&field](const auto& bound) { return bound.second == field; });
}

HttpBinding::FieldPath query_field(const HttpBinding& binding, const std::string& name) {
  HttpBinding::FieldPath field;
  try {
    field = find_field(*binding.method().input_type(), name);
  } catch (const std::invalid_argument& error) {
    throw HttpError{400, "query parameter \"" + name + "\": " + error.what()};
  }
  if (is_in_path(binding, field) || field.front() == binding.body_field() || !can_be_text(*field.back())) {
    throw HttpError{400, "query parameter \"" + name + "\" belongs into the path or the body"};
  }
  return field;
}

void bind_query(pb::Message& message, const HttpBinding& binding, const Request& request) {
  std::map<std::string, std::vector<std::string>> values;
  for (auto& [name, value] : request.query_parameters()) values[name].push_back(std::move(value));
  for (const auto& [name, all] : values) {
    set_field(message, query_field(binding, name), "query parameter \"" + name + "\"", all);
  }
}

/// google/api/http.proto leaves the mask to the client; most clients send none.
void complete_mask(pb::Message& message, const HttpBinding& binding, const Request& request, std::string_view body) {
  const pb::FieldDescriptor* field = binding.body_field();
  if (request.method != "PATCH" || body.empty() || binding.takes_any_content()) return;
  if (field == nullptr || field->is_repeated() || field->message_type() == nullptr) return;
  const pb::FieldDescriptor* mask = mask_field_of(*message.GetDescriptor());
  if (mask == nullptr || mask == field) return;
  const pb::Message& sent = message.GetReflection()->GetMessage(message, mask);
  if (sent.ByteSizeLong() == 0) fill_update_mask(message, *mask, *field->message_type(), body);
}

}  // namespace

std::string request_message(const Gateway& gateway, const HttpBinding& binding, const Request& request,
                            std::string_view body) {
  const std::unique_ptr<pb::Message> message = new_message(*binding.method().input_type());
  if (binding.body() != Body::kNone) bind_body(*message, gateway, binding, request, body);
  if (binding.body() != Body::kWhole) bind_query(*message, binding, request);
  for (const auto& [name, field] : binding.path_fields()) {
    const auto value = request.path_parameters.find(name);
    if (value != request.path_parameters.end()) set_field(*message, field, name, {value->second});
  }
  complete_mask(*message, binding, request, body);
  return message->SerializeAsString();
}

}  // namespace tern::rest
