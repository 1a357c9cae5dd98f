// Files that the plugin rejects: C++ code for them would not compile.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace tern::codegen {

/// Returns why the file is rejected, in protoc's form "file:line:column: reason", or an empty text for a good file.
std::string refusal_of(const google::protobuf::FileDescriptor& file);

}  // namespace tern::codegen
