// Fields of a message set from texts: what paths and queries bind (google/api/http.proto, "Rules for HTTP mapping").
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tern::rest {

/// Returns an empty message of a type that is linked into the program.
std::unique_ptr<google::protobuf::Message> new_message(const google::protobuf::Descriptor& type);

/// Returns the field with this name, in the .proto file or in JSON; null if the type has no such field.
const google::protobuf::FieldDescriptor* field_named(const google::protobuf::Descriptor& type, const std::string& name);

/// The field that "user.address.city" names, by names of the .proto file or of JSON; each but the last is a message.
/// Throws std::invalid_argument that says which part is none.
std::vector<const google::protobuf::FieldDescriptor*> find_field(const google::protobuf::Descriptor& type,
                                                                 std::string_view path);

/// Replaces the field's value; a repeated field gets all the values. Takes scalars, enums by name or number, bytes in
/// base64, and messages that JSON writes as one value (timestamps, durations, field masks, wrappers). Throws HttpError
/// (400) that names `called`, the value and the type.
void set_field(google::protobuf::Message& message,
               const std::vector<const google::protobuf::FieldDescriptor*>& field_path, const std::string& called,
               const std::vector<std::string>& values);

/// Whether texts can set it: no map, no group, no message but those.
bool can_be_text(const google::protobuf::FieldDescriptor& field);

}  // namespace tern::rest
