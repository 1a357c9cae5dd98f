#include "rest/update_mask.h"

#include <google/protobuf/descriptor.h>

#include <boost/json/parse.hpp>
#include <set>
#include <string>

#include "rest/message_fields.h"
#include "rest/strict_json.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
namespace json = boost::json;

/// Struct and Value have the names that the JSON has.
bool is_dynamic(const pb::Descriptor& type) {
  return type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_STRUCT ||
         type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_VALUE;
}

bool has_names(const pb::FieldDescriptor& field) {
  return !field.is_repeated() && field.message_type() != nullptr &&
         field.message_type()->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_ANY;
}

class Paths {
 public:
  /// Adds the paths below `path`, whose value is a message of `type`, or dynamic where that is null.
  void add(const json::value& value, const pb::Descriptor* type, const std::string& path) {
    const json::object* object = value.if_object();
    if (object == nullptr || object->empty()) {
      if (!path.empty()) paths_.insert(path);
      return;
    }
    for (const auto& member : *object) {
      const std::string name{member.key()};
      if (type == nullptr) {
        add(member.value(), nullptr, below(path, name));
      } else if (const pb::FieldDescriptor* field = field_named(*type, name)) {
        add_field(member.value(), *field, below(path, std::string{field->name()}));
      }
    }
  }
  [[nodiscard]] const std::set<std::string>& all() const noexcept { return paths_; }

 private:
  void add_field(const json::value& value, const pb::FieldDescriptor& field, const std::string& path) {
    if (!has_names(field)) {
      paths_.insert(path);
    } else {
      add(value, is_dynamic(*field.message_type()) ? nullptr : field.message_type(), path);
    }
  }
  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  std::set<std::string> paths_;
};

}  // namespace

const pb::FieldDescriptor* mask_field_of(const pb::Descriptor& request) {
  const pb::FieldDescriptor* mask = nullptr;
  for (int i = 0; i < request.field_count(); ++i) {
    const pb::FieldDescriptor& field = *request.field(i);
    if (field.is_repeated() || field.message_type() == nullptr) continue;
    if (field.message_type()->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_FIELDMASK) continue;
    if (mask != nullptr) return nullptr;
    mask = &field;
  }
  return mask;
}

void fill_update_mask(pb::Message& request, const pb::FieldDescriptor& mask_field, const pb::Descriptor& type,
                      std::string_view body) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  Paths paths;
  paths.add(json::parse({body.data(), body.size()}, {}, options), is_dynamic(type) ? nullptr : &type, {});
  pb::Message& mask = *request.GetReflection()->MutableMessage(&request, &mask_field);
  const pb::FieldDescriptor* names = mask.GetDescriptor()->FindFieldByNumber(1);
  for (const std::string& path : paths.all()) mask.GetReflection()->AddString(&mask, names, path);
}

}  // namespace tern::rest
