#include "rest/openapi.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <set>
#include <utility>

#include "google/rpc/status.pb.h"
#include "rest/message_fields.h"
#include "rest/openapi_schema.h"
#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
namespace json = boost::json;

// A message among a query's fields has fields of its own, and may have itself.
constexpr int kQueryDepth = 3;

/// OpenAPI knows only {name}.
std::string plain_path(const HttpBinding& binding) {
  std::string plain;
  std::string_view rest = binding.path();
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    plain += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::string_view inside = rest.substr(open + 1, rest.find('}') - open - 1);
    plain += "{" + std::string{inside.substr(0, inside.find('='))} + "}";
    rest.remove_prefix(open + inside.size() + 2);
  }
  return plain;
}

/// One operation of the document.
class Operation {
 public:
  Operation(const HttpBinding& binding, OpenApiSchemas& schemas) : binding_(binding), schemas_(schemas) {}

  json::object describe(const std::string& id) {
    const pb::MethodDescriptor& method = binding_.method();
    json::object operation{{"operationId", id}, {"tags", json::array{method.service()->name()}}};
    const std::string text = description_of(method.full_name());
    if (!text.empty()) {
      operation["summary"] = text.substr(0, text.find_first_of(".;\n"));
      operation["description"] = text;
    }
    add_path_parameters();
    if (binding_.body() != HttpBinding::Body::kWhole) add_query(*method.input_type(), {}, kQueryDepth);
    if (!parameters_.empty()) operation["parameters"] = std::move(parameters_);
    if (binding_.body() != HttpBinding::Body::kNone) {
      operation["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", body()}}}}}};
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
    for (const PathTemplate::Variable& variable : binding_.path_template().variables()) {
      const auto field = find_field(*binding_.method().input_type(), variable.name);
      bound_.insert(field.front()->name());
      paths_.insert(variable.name);
      add(variable.name, "path", *field.back());
    }
  }

  void add_query(const pb::Descriptor& type, const std::string& prefix, int depth) {
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      if (paths_.contains(prefix + field.name()) || &field == binding_.body_field()) continue;
      const std::string name = prefix + field.json_name();
      if (can_be_text(field)) {
        add(name, "query", field);
      } else if (field.message_type() != nullptr && !field.is_repeated() && depth > 1) {
        add_query(*field.message_type(), name + ".", depth - 1);
      }
    }
  }

  void add(const std::string& name, std::string_view where, const pb::FieldDescriptor& field) {
    json::object schema = schemas_.of(field);
    json::object parameter{{"name", name}, {"in", where}, {"required", where == "path"}};
    if (auto* description = schema.if_contains("description")) {
      parameter["description"] = *description;
      schema.erase("description");
    }
    parameter["schema"] = std::move(schema);
    parameters_.emplace_back(std::move(parameter));
  }

  json::object body() {
    if (binding_.body_field() != nullptr) return schemas_.of(*binding_.body_field());
    const pb::Descriptor& type = *binding_.method().input_type();
    return bound_.empty() ? schemas_.of(type) : schemas_.without(type, bound_);
  }

  json::object answers() {
    const pb::FieldDescriptor* field = binding_.response_field();
    const json::object schema = field != nullptr ? schemas_.of(*field) : schemas_.of(*binding_.method().output_type());
    if (!binding_.method().server_streaming()) return {{"application/json", {{"schema", schema}}}};
    return {{"application/x-ndjson", {{"schema", schema}}}, {"text/event-stream", {{"schema", schema}}}};
  }

  const HttpBinding& binding_;
  OpenApiSchemas& schemas_;
  std::set<std::string> bound_;  // fields that the path has a part of
  std::set<std::string> paths_;
  json::array parameters_;
};

json::array tags_of(const std::vector<std::reference_wrapper<const HttpBinding>>& bindings) {
  std::map<std::string, std::string> services;
  for (const HttpBinding& binding : bindings) {
    const pb::ServiceDescriptor& service = *binding.method().service();
    services.emplace(service.name(), description_of(service.full_name()));
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
  json::object paths;
  std::map<std::string, int> ids;
  for (const HttpBinding& binding : bindings) {
    std::string id = binding.method().service()->name() + "_" + binding.method().name();
    if (const int count = ++ids[id]; count > 1) id += "_" + std::to_string(count);
    json::value& path = paths[plain_path(binding)];
    if (!path.is_object()) path.emplace_object();
    path.as_object()[rpc::lower_case(binding.http_method())] = Operation{binding, schemas}.describe(id);
  }
  const json::object document{{"openapi", "3.1.0"},
                              {"info", {{"title", options.title}, {"version", options.version}}},
                              {"tags", tags_of(bindings)},
                              {"paths", std::move(paths)},
                              {"components", {{"schemas", schemas.gathered()}}}};
  return json::serialize(document);
}

}  // namespace tern::rest
