// The comments of a .proto file in its generated source, for documents that the program makes of its descriptors
// (tern/rpc/proto_comments.h).
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

namespace tern::codegen {

/// Prints the table of all comments in the file. Prints nothing for a file without comments.
void print_comment_table(google::protobuf::io::Printer& printer, const google::protobuf::FileDescriptor& file);

}  // namespace tern::codegen
