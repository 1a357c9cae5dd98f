#include "codegen/method_text.h"

#include <google/protobuf/compiler/cpp/names.h>

namespace tern::codegen {

using google::protobuf::MethodDescriptor;
using google::protobuf::compiler::cpp::QualifiedClassName;

MethodText::MethodText(const MethodDescriptor& method, const Names& names)
    : name(names.of(method)),
      proto_name(method.name()),
      path("/" + std::string{method.service()->full_name()} + "/" + proto_name),
      request(QualifiedClassName(method.input_type())),
      response(QualifiedClassName(method.output_type())),
      client_streams(method.client_streaming()),
      server_streams(method.server_streaming()) {
  const Parameter context{"::tern::ServerContext& ", names.parameter("context"), true};
  const Parameter one_request{"const " + request + "& ", names.parameter("request")};
  const std::string requests = names.parameter("requests");
  const Parameter responses{"::tern::BlockingWriter<" + response + ">& ", names.parameter("responses")};

  handler.returns = (server_streams ? "::tern::AsyncGenerator<" : "::tern::Task<") + response + ">";
  handler.parameters = {context,
                        client_streams ? Parameter{"::tern::Reader<" + request + ">& ", requests} : one_request};
  sync_handler.returns = server_streams ? "void" : response;
  sync_handler.parameters = {
      context, client_streams ? Parameter{"::tern::BlockingReader<" + request + ">& ", requests} : one_request};
  if (server_streams) sync_handler.parameters.push_back(responses);

  if (client_streams) {
    call = (server_streams ? "::tern::BidiStreamCall<" : "::tern::ClientStreamCall<") + request + ", " + response + ">";
  } else {
    call = (server_streams ? "::tern::ServerStreamCall<" : "::tern::UnaryCall<") + response + ">";
  }
  blocking_call = client_streams || server_streams ? "::tern::BlockingCall<" + call + ">" : response;
}

std::string parameter_list(const Function& function, bool only_used) {
  std::string list;
  for (const Parameter& parameter : function.parameters) {
    if (!list.empty()) list += ", ";
    list += parameter.type;
    list += only_used && !parameter.used ? "/*" + parameter.name + "*/" : parameter.name;
  }
  return list;
}

}  // namespace tern::codegen
