#include "rest/http_binding.h"

#include <fmt/format.h>

#include <stdexcept>
#include <tuple>

#include "google/api/annotations.pb.h"
#include "rest/gateway.h"
#include "rest/http_body.h"
#include "rest/message_fields.h"
#include "text/log.h"

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

const pb::FieldDescriptor& top_level(const pb::Descriptor& type, const std::string& name) {
  const pb::FieldDescriptor* field = type.FindFieldByName(name);
  if (field == nullptr) throw std::invalid_argument(fmt::format("{} has no field \"{}\"", type.full_name(), name));
  return *field;
}

}  // namespace

HttpBinding::HttpBinding(const pb::MethodDescriptor& method, const HttpRule& rule)
    : method_(method), call_path_(path_of(method)) {
  std::tie(http_method_, path_) = pattern_of(rule);
  if (http_method_.empty()) throw std::invalid_argument("the annotation has no HTTP method");
  if (method.client_streaming()) throw std::invalid_argument("REST has no streams of requests");
  template_ = PathTemplate::parse(path_);
  bind_path();
  bind_bodies(rule);
}

void HttpBinding::bind_path() {
  for (const PathTemplate::Variable& variable : template_.variables()) {
    FieldPath field = find_field(*method_.input_type(), variable.name);
    if (field.back()->is_repeated() || !can_be_text(*field.back())) {
      throw std::invalid_argument("a path cannot hold the field \"" + variable.name + "\"");
    }
    path_fields_.emplace_back(variable.name, std::move(field));
  }
}

void HttpBinding::bind_bodies(const HttpRule& rule) {
  if (rule.body() == "*") {
    body_ = Body::kWhole;
    takes_any_content_ = is_http_body(*method_.input_type());
  } else if (!rule.body().empty()) {
    body_ = Body::kField;
    body_field_ = &top_level(*method_.input_type(), rule.body());
    takes_any_content_ = is_http_body(*body_field_);
  }
  sends_any_content_ = is_http_body(*method_.output_type());
  if (!rule.response_body().empty()) {
    response_field_ = &top_level(*method_.output_type(), rule.response_body());
    sends_any_content_ = is_http_body(*response_field_);
  }
}

std::vector<HttpBinding> bindings_of(const pb::MethodDescriptor& method) {
  std::vector<HttpBinding> bindings;
  if (!method.options().HasExtension(google::api::http)) return bindings;
  const auto add = [&bindings, &method](const HttpRule& rule) {
    try {
      bindings.emplace_back(method, rule);
    } catch (const std::invalid_argument& error) {
      const auto [http_method, path] = pattern_of(rule);
      warn_left_out(method, http_method, path, error.what());
    }
  };
  const HttpRule& rule = method.options().GetExtension(google::api::http);
  add(rule);
  for (const HttpRule& more : rule.additional_bindings()) add(more);
  return bindings;
}

void warn_left_out(const pb::MethodDescriptor& method, std::string_view http_method, std::string_view path,
                   std::string_view why) {
  log_warning("rest", "{}: {} is not served at \"{} {}\" (google.api.http): {}", method.file()->name(),
              method.full_name(), http_method, path, why);
}

}  // namespace tern::rest
