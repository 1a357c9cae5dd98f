#include "rest/openapi.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/status.pb.h"
#include "rest/api_options.h"
#include "rest/message_fields.h"
#include "rest/openapi_paths.h"
#include "rest/openapi_schema.h"
#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
namespace json = boost::json;

// A message among a query's fields has fields of its own, and may have itself.
constexpr int kQueryDepth = 3;

/// One operation of the document.
class Operation {
 public:
  Operation(const HttpBinding& binding, const OpenApiPath& path, OpenApiSchemas& schemas)
      : binding_(binding), path_(path), schemas_(schemas) {}

  json::object describe(const std::string& id) {
    const pb::MethodDescriptor& method = binding_.method();
    json::object operation{{"operationId", id}, {"tags", json::array{method.service()->name()}}};
    const std::string text = description_of(method);
    if (!text.empty()) {
      operation["summary"] = text.substr(0, text.find_first_of(".;\n"));
      operation["description"] = text;
    }
    if (method.options().deprecated() || method.service()->options().deprecated()) operation["deprecated"] = true;
    add_path_parameters();
    if (binding_.body() != HttpBinding::Body::kWhole) add_query(*method.input_type(), {}, kQueryDepth);
    if (!parameters_.empty()) operation["parameters"] = std::move(parameters_);
    if (binding_.body() != HttpBinding::Body::kNone) {
      operation["requestBody"] = {{"required", !binding_.takes_any_content()}, {"content", requests()}};
    }
    operation["responses"] = {
        {"200", {{"description", "OK"}, {"content", answers()}}},
        {"default",
         {{"description", "An error: the code is gRPC's"},
          {"content", {{"application/json", {{"schema", schemas_.of(*google::rpc::Status::descriptor())}}}}}}}};
    return operation;
  }

 private:
  void add_path_parameters() {
    for (const OpenApiPath::Parameter& parameter : path_.parameters) {
      json::object schema{{"type", "string"}};
      if (!parameter.field.empty()) {
        const auto field = find_field(*binding_.method().input_type(), parameter.field);
        paths_.insert(parameter.field);
        schema = schemas_.of(*field.back());
      }
      if (!parameter.pattern.empty()) schema["pattern"] = parameter.pattern;
      add(parameter.name, "path", true, std::move(schema));
    }
  }

  void add_query(const pb::Descriptor& type, const std::string& prefix, int depth) {
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      if (paths_.contains(fmt::format("{}{}", prefix, field.name())) || &field == binding_.body_field()) continue;
      const FieldBehavior behavior = behavior_of(field);
      if (behavior.output_only) continue;
      if (can_be_text(field)) {
        add(fmt::format("{}{}", prefix, field.json_name()), "query", behavior.required && prefix.empty(),
            schemas_.of(field));
      } else if (field.message_type() != nullptr && !field.is_repeated() && depth > 1) {
        add_query(*field.message_type(), fmt::format("{}{}.", prefix, field.json_name()), depth - 1);
      }
    }
  }

  void add(const std::string& name, std::string_view where, bool required, json::object schema) {
    json::object parameter{{"name", name}, {"in", where}, {"required", required}};
    for (const char* key : {"description", "deprecated"}) {
      if (const auto* value = schema.if_contains(key)) {
        parameter[key] = *value;
        schema.erase(key);
      }
    }
    parameter["schema"] = std::move(schema);
    parameters_.emplace_back(std::move(parameter));
  }

  json::object requests() {
    if (binding_.takes_any_content()) return {{"*/*", json::object{}}};
    return {{"application/json", {{"schema", body()}}}};
  }

  json::object body() {
    if (binding_.body_field() != nullptr) return schemas_.of(*binding_.body_field());
    const pb::Descriptor& type = *binding_.method().input_type();
    return paths_.empty() ? schemas_.of(type) : schemas_.without(type, paths_);
  }

  json::object answers() {
    if (binding_.sends_any_content()) return {{"*/*", json::object{}}};
    const pb::FieldDescriptor* field = binding_.response_field();
    const json::object schema = field != nullptr ? schemas_.of(*field) : schemas_.of(*binding_.method().output_type());
    if (!binding_.method().server_streaming()) return {{"application/json", {{"schema", schema}}}};
    return {{"application/x-ndjson", {{"schema", schema}}}, {"text/event-stream", {{"schema", schema}}}};
  }

  const HttpBinding& binding_;
  const OpenApiPath& path_;
  OpenApiSchemas& schemas_;
  std::set<std::string, std::less<>> paths_;  // the fields that the path sets, by field path
  json::array parameters_;
};

/// Ids of operations: "Library_GetBook", "Library_GetBook_2".
class OperationIds {
 public:
  std::string next(const pb::MethodDescriptor& method) {
    const std::string plain = fmt::format("{}_{}", method.service()->name(), method.name());
    std::string id = plain;
    for (int i = 2; !taken_.insert(id).second; ++i) id = plain + "_" + std::to_string(i);
    return id;
  }

 private:
  std::set<std::string> taken_;
};

/// Returns the keys of a path item that the binding's method is described under. OpenAPI 3.1 has eight methods; others
/// are extensions.
std::vector<std::string> keys_of(const HttpBinding& binding) {
  static const std::set<std::string> kMethods{"delete", "get", "head", "options", "patch", "post", "put", "trace"};
  if (binding.http_method() == "*") return {"get", "put", "post", "delete", "patch"};
  const std::string method = rpc::lower_case(binding.http_method());
  return {kMethods.contains(method) ? method : "x-" + method};
}

json::array tags_of(const std::vector<std::reference_wrapper<const HttpBinding>>& bindings) {
  std::map<std::string, std::string> services;
  for (const HttpBinding& binding : bindings) {
    const pb::ServiceDescriptor& service = *binding.method().service();
    services.emplace(service.name(), description_of(service));
  }
  json::array tags;
  for (const auto& [name, text] : services) {
    json::object tag{{"name", name}};
    if (!text.empty()) tag["description"] = text;
    tags.emplace_back(std::move(tag));
  }
  return tags;
}

}  // namespace

std::string openapi_of(const std::vector<std::reference_wrapper<const HttpBinding>>& bindings,
                       const SiteOptions& options) {
  OpenApiSchemas schemas;
  OpenApiPaths templates;
  OperationIds ids;
  json::object paths;
  const auto describe = [&](const HttpBinding& binding) {
    const OpenApiPath& path = templates.path_for(binding.path_template());
    json::value& item = paths[path.text];
    if (!item.is_object()) item.emplace_object();
    for (const std::string& key : keys_of(binding)) {
      if (item.as_object().contains(key)) continue;
      item.as_object()[key] = Operation{binding, path, schemas}.describe(ids.next(binding.method()));
    }
  };
  // A binding for every method comes last, and describes the methods without a binding of their own.
  for (const HttpBinding& binding : bindings) {
    if (binding.http_method() != "*") describe(binding);
  }
  for (const HttpBinding& binding : bindings) {
    if (binding.http_method() == "*") describe(binding);
  }
  const json::object document{{"openapi", "3.1.0"},
                              {"info", {{"title", options.title}, {"version", options.version}}},
                              {"tags", tags_of(bindings)},
                              {"paths", std::move(paths)},
                              {"components", {{"schemas", schemas.gathered()}}}};
  return json::serialize(document);
}

}  // namespace tern::rest
