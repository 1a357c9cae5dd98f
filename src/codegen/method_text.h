// The C++ of one method: the names, types and parameters of its handlers and calls.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "codegen/names.h"

namespace tern::codegen {

struct Parameter {
  std::string type;
  std::string name;
  /// Used by the handler that answers UNIMPLEMENTED.
  bool used = false;
};

struct Function {
  std::string returns;
  std::vector<Parameter> parameters;
};

/// One method, as generated code spells it.
struct MethodText {
  MethodText(const google::protobuf::MethodDescriptor& method, const Names& names);

  std::string name;
  std::string proto_name;
  /// Of the call: "/package.Service/Method".
  std::string path;
  std::string request;
  std::string response;
  bool client_streams;
  bool server_streams;
  Function handler;
  Function sync_handler;
  /// The stub's, and the blocking stub's type for it.
  std::string call;
  std::string blocking_call;
};

/// "const ::a::M& request, …"; with `only_used`, the names of the others are comments.
std::string parameter_list(const Function& function, bool only_used);

}  // namespace tern::codegen
