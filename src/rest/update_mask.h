// The update mask of a PATCH: the fields that the body names, where the client sent no mask of its own. The rule is
// gRPC-Gateway's ("Patch feature"): the body is one field, and the request has exactly one google.protobuf.FieldMask.
#pragma once

#include <google/protobuf/message.h>

#include <string_view>

namespace tern::rest {

/// Returns the request's only FieldMask field; null if it has none, or several.
const google::protobuf::FieldDescriptor* mask_field_of(const google::protobuf::Descriptor& request);

/// Sets `mask_field` of `request` to the paths that `body` names, relative to `type`, sorted. Paths end at repeated
/// fields, maps and Any; they go on into the names of a Struct. REQUIRES: check_json(body) is OK.
void fill_update_mask(google::protobuf::Message& request, const google::protobuf::FieldDescriptor& mask_field,
                      const google::protobuf::Descriptor& type, std::string_view body);

}  // namespace tern::rest
