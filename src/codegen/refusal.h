// Files that the plugin rejects, because C++ code for them would not compile, and files that it warns of.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace tern::codegen {

/// Returns why the file is rejected, in protoc's form "file:line:column: reason", or an empty text for a good file.
std::string refusal_of(const google::protobuf::FileDescriptor& file);

/// Returns a line of advice about a good file in the same form, or an empty text.
std::string warning_of(const google::protobuf::FileDescriptor& file);

}  // namespace tern::codegen
