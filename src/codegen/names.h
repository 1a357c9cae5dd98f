// Names in C++ of things in a .proto file.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace tern::codegen {

/// `name`, or `name_` where C++ has a keyword of that name, as protobuf does.
std::string safe_name(std::string_view name);

/// A method's name on services and stubs: the .proto's own, but for keywords and the generated classes' names.
std::string method_name(const google::protobuf::MethodDescriptor& method);

/// The namespaces of a package, outermost first.
std::vector<std::string> namespaces_of(const google::protobuf::FileDescriptor& file);

/// "dir/user.proto" -> "dir/user"
std::string without_extension(std::string_view proto_file);

}  // namespace tern::codegen
