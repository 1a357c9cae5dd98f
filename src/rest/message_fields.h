// Fields of a message set from texts: what paths and queries bind (google/api/http.proto, "Rules for HTTP mapping").
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

namespace tern::rest {

/// The field that "user.address.city" names, by names of the .proto file or of JSON; each but the last is a message.
/// Throws std::invalid_argument that says which part is none.
std::vector<const google::protobuf::FieldDescriptor*> find_field(const google::protobuf::Descriptor& type,
                                                                 std::string_view path);

/// Sets the field, in place of what it has; a repeated one to all the values. Scalars, enums by name or number, bytes
/// in base64, and messages that JSON writes as one value (timestamps, durations, field masks, wrappers). Throws
/// HttpError (400) that names `called` and says what is wrong.
void set_field(google::protobuf::Message& message,
               const std::vector<const google::protobuf::FieldDescriptor*>& field_path, const std::string& called,
               const std::vector<std::string>& values);

/// Whether texts can set it: no map, no group, no message but those.
bool can_be_text(const google::protobuf::FieldDescriptor& field);

}  // namespace tern::rest
