// The options that google.api gives to fields and messages besides http: field_behavior, resource, resource_reference.
// Read from their wire format, so that a program may link any generated class of them, or none.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <vector>

namespace tern::rest {

/// google/api/field_behavior.proto.
struct FieldBehavior {
  bool required = false;
  bool output_only = false;
  bool input_only = false;
  bool immutable = false;
};
FieldBehavior behavior_of(const google::protobuf::FieldDescriptor& field);

/// google/api/resource.proto.
struct Resource {
  std::string type;
  std::vector<std::string> patterns;
};
std::optional<Resource> resource_of(const google::protobuf::Descriptor& message);

/// Returns the type of the resource that the field names; empty if it names none.
std::string referenced_resource(const google::protobuf::FieldDescriptor& field);

}  // namespace tern::rest
