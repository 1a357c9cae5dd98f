#include "rest/http_binding.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <tuple>

#include "google/api/annotations.pb.h"
#include "rest/message_fields.h"
#include "rest/status_json.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
using google::api::HttpRule;

std::pair<std::string, std::string> pattern_of(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return {"GET", rule.get()};
    case HttpRule::kPut:
      return {"PUT", rule.put()};
    case HttpRule::kPost:
      return {"POST", rule.post()};
    case HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case HttpRule::kCustom:
      return {rule.custom().kind(), rule.custom().path()};
    case HttpRule::PATTERN_NOT_SET:
      break;
  }
  return {};
}

std::unique_ptr<pb::Message> new_message(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>{pb::MessageFactory::generated_factory()->GetPrototype(&type)->New()};
}

void parse_json(const std::string& json, pb::Message& message) {
  const auto done = pb::util::JsonStringToMessage(json, &message);
  if (done.ok()) return;
  throw HttpError{
      400, "the body is no JSON of a " + message.GetDescriptor()->full_name() + ": " + std::string{done.message()}};
}

/// The value of JSON's only member.
std::string only_value(const std::string& object) {
  const std::size_t colon = object.find(':');
  return object.substr(colon + 1, object.rfind('}') - colon - 1);
}

/// Of a field that is not set.
std::string default_json(const pb::FieldDescriptor& field) {
  if (field.is_map()) return "{}";
  if (field.is_repeated()) return "[]";
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return "{}";
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return R"("")";
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return "false";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return json_string(field.default_value_enum()->name());
    case pb::FieldDescriptor::CPPTYPE_INT64:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return R"("0")";
    default:
      return "0";
  }
}

}  // namespace

HttpBinding::HttpBinding(const pb::MethodDescriptor& method, const HttpRule& rule)
    : method_(method), call_path_(path_of(method)) {
  std::tie(http_method_, path_) = pattern_of(rule);
  if (http_method_.empty() || http_method_ == "*") refuse("it names no HTTP method");
  if (method.client_streaming()) refuse("a method whose client streams cannot be called over REST");
  try {
    template_ = PathTemplate::parse(path_);
    for (const PathTemplate::Variable& variable : template_.variables()) {
      FieldPath field = find_field(*method.input_type(), variable.name);
      if (field.back()->is_repeated() || !can_be_text(*field.back())) refuse(variable.name + " cannot stand in a path");
      path_fields_.emplace_back(variable.name, std::move(field));
    }
  } catch (const std::invalid_argument& error) {
    refuse(error.what());
  }
  if (rule.body() == "*") {
    body_ = Body::kWhole;
  } else if (!rule.body().empty()) {
    body_ = Body::kField;
    body_field_ = top_level(*method.input_type(), rule.body());
  }
  if (!rule.response_body().empty()) response_field_ = top_level(*method.output_type(), rule.response_body());
}

const pb::FieldDescriptor* HttpBinding::top_level(const pb::Descriptor& type, const std::string& name) const {
  const pb::FieldDescriptor* field = type.FindFieldByName(name);
  if (field == nullptr) refuse(type.full_name() + " has no field \"" + name + "\"");
  return field;
}

void HttpBinding::refuse(const std::string& why) const {
  throw std::invalid_argument("google.api.http of " + method_.full_name() + " (" + http_method_ + " " + path_ +
                              "): " + why);
}

std::string HttpBinding::bind(const Request& request, std::string_view body) const {
  const std::unique_ptr<pb::Message> message = new_message(*method_.input_type());
  if (body_ == Body::kWhole && !body.empty()) parse_json(std::string{body}, *message);
  if (body_ == Body::kField && !body.empty()) {
    parse_json(fmt::format("{{{}:{}}}", json_string(body_field_->name()), body), *message);
  }
  if (body_ != Body::kWhole) bind_query(*message, request);
  for (const auto& [name, field] : path_fields_) {
    const auto value = request.path_parameters.find(name);
    if (value != request.path_parameters.end()) set_field(*message, field, name, {value->second});
  }
  return message->SerializeAsString();
}

void HttpBinding::bind_query(pb::Message& message, const Request& request) const {
  std::map<std::string, std::vector<std::string>> values;
  for (auto& [name, value] : request.query_parameters()) values[name].push_back(std::move(value));
  for (const auto& [name, all] : values) {
    FieldPath field;
    try {
      field = find_field(*method_.input_type(), name);
    } catch (const std::invalid_argument& error) {
      throw HttpError{400, "query parameter \"" + name + "\": " + error.what()};
    }
    const bool in_path =
        std::ranges::any_of(path_fields_, [&field](const auto& bound) { return bound.second == field; });
    if (in_path || field.front() == body_field_ || !can_be_text(*field.back())) {
      throw HttpError{400, "query parameter \"" + name + "\" belongs into the path or the body"};
    }
    set_field(message, field, "query parameter \"" + name + "\"", all);
  }
}

Result<std::string> HttpBinding::to_json(const Gateway& gateway, const std::string& serialised) const {
  if (response_field_ == nullptr) return gateway.to_json(*method_.output_type(), serialised);
  const std::unique_ptr<pb::Message> message = new_message(*method_.output_type());
  message->ParseFromString(serialised);
  std::vector<const pb::FieldDescriptor*> set;
  message->GetReflection()->ListFields(*message, &set);
  for (const pb::FieldDescriptor* field : set) {
    if (field != response_field_) message->GetReflection()->ClearField(message.get(), field);
  }
  if (std::ranges::find(set, response_field_) == set.end()) return default_json(*response_field_);
  Result<std::string> json = gateway.to_json(*method_.output_type(), message->SerializeAsString());
  if (!json.ok()) return json.status();
  return only_value(*json);
}

std::vector<HttpBinding> bindings_of(const pb::MethodDescriptor& method) {
  std::vector<HttpBinding> bindings;
  if (!method.options().HasExtension(google::api::http)) return bindings;
  const HttpRule& rule = method.options().GetExtension(google::api::http);
  bindings.emplace_back(method, rule);
  for (const HttpRule& more : rule.additional_bindings()) bindings.emplace_back(method, more);
  return bindings;
}

}  // namespace tern::rest
