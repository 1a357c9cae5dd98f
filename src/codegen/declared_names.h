// The names that protobuf's own C++ code for a .proto file declares in the namespace of its package.
#pragma once

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>

namespace tern::codegen {

/// Those of the file and of all files of its package that it imports, directly or not.
std::set<std::string> names_in_package(const google::protobuf::FileDescriptor& file);

/// Those of the file and of all that it imports, whatever their package.
std::set<std::string> visible_names(const google::protobuf::FileDescriptor& file);

}  // namespace tern::codegen
