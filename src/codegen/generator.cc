#include "codegen/generator.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/comment_table.h"
#include "codegen/comments.h"
#include "codegen/method_text.h"
#include "codegen/names.h"
#include "codegen/refusal.h"

namespace tern::codegen {

namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

enum class Kind { kAsync, kSync };

std::string class_of(Kind kind) { return std::string{kind == Kind::kAsync ? kAsyncService : kSyncService}; }
const Function& handler_of(const MethodText& method, Kind kind) {
  return kind == Kind::kAsync ? method.handler : method.sync_handler;
}

/// One service, as generated code spells it.
struct ServiceText {
  ServiceText(const ServiceDescriptor& service, const Names& names)
      : name(names.of(service)),
        full_name(service.full_name()),
        channel(names.parameter("channel")),
        request(names.parameter("request")),
        requests(names.parameter("requests")),
        options(names.parameter("options")),
        comment(comment_of(service)) {
    for (int i = 0; i < service.method_count(); ++i) {
      methods.emplace_back(*service.method(i), names);
      method_comments.push_back(comment_of(*service.method(i)));
    }
  }

  std::string name;
  std::string full_name;
  /// The parameters of stubs.
  std::string channel;
  std::string request;
  std::string requests;
  std::string options;
  std::vector<std::string> comment;
  std::vector<MethodText> methods;
  std::vector<std::vector<std::string>> method_comments;
};

/// Calls `print` for each method, below an empty line and the method's comment.
template <class Print>
void print_methods(Printer& printer, const ServiceText& service, Print print) {
  for (std::size_t i = 0; i < service.methods.size(); ++i) {
    printer.Print("\n");
    print_comment(printer, service.method_comments[i]);
    print(service.methods[i]);
  }
}

void print_service_class(Printer& printer, const ServiceText& service, Kind kind) {
  const Variables variables{
      {"class", class_of(kind)},
      {"what", kind == Kind::kAsync ? "The service as coroutines, run on the server's loops."
                                    : "The service as plain functions that may block, run on the server's workers."}};
  printer.Print(variables,
                "/// $what$ Override what you implement; the rest answers UNIMPLEMENTED.\n"
                "class $class$ : public ::tern::Service {\n"
                " public:\n"
                "  $class$();\n");
  printer.Indent();
  print_methods(printer, service, [&](const MethodText& method) {
    const Function& handler = handler_of(method, kind);
    printer.Print(
        {{"returns", handler.returns}, {"method", method.name}, {"parameters", parameter_list(handler, false)}},
        "virtual $returns$ $method$($parameters$);\n");
  });
  printer.Outdent();
  printer.Print("};\n\n");
}

/// The beginning of a class of calls, with `calls` as what it is.
void print_stub_beginning(Printer& printer, const ServiceText& service, std::string_view name, const char* calls) {
  printer.Print(calls);
  printer.Print(
      {{"class", std::string{name}}, {"channel", service.channel}, {"member", std::string{kChannelMember}}},
      "class $class$ {\n"
      " public:\n"
      "  explicit $class$(::tern::detail::ChannelHandle $channel$) noexcept : $member$(::std::move($channel$)) {}\n");
}

void print_stub_end(Printer& printer) {
  printer.Print("\n private:\n  ::tern::detail::ChannelHandle $member$;\n};\n", "member", std::string{kChannelMember});
}

Variables variables_of(const ServiceText& service, const MethodText& method) {
  return {{"call", method.call},
          {"blocking_call", method.blocking_call},
          {"method", method.name},
          {"path", method.path},
          {"type", method.request},
          {"request", service.request},
          {"requests", service.requests},
          {"options", service.options},
          {"stub", std::string{kStub}},
          {"member", std::string{kChannelMember}},
          {"parameter", method.client_streams ? "" : "const " + method.request + "& " + service.request + ", "},
          {"argument", method.client_streams ? "" : service.request + ", "}};
}

void print_call(Printer& printer, const ServiceText& service, const MethodText& method) {
  const Variables variables = variables_of(service, method);
  printer.Print(variables,
                "$call$ $method$($parameter$::tern::CallOptions $options$ = {}) const {\n"
                "  return $call${$member$, \"$path$\", $argument$$options$};\n"
                "}\n");
  if (!method.client_streams || !method.server_streams) return;
  printer.Print(
      variables,
      "$call$ $method$(::tern::AsyncGenerator<$type$> $requests$, ::tern::CallOptions $options$ = {}) const {\n"
      "  return $call${$member$, \"$path$\", ::std::move($requests$), $options$};\n"
      "}\n");
}

void print_blocking_call(Printer& printer, const ServiceText& service, const MethodText& method) {
  const Variables variables = variables_of(service, method);
  printer.Print(variables, "$blocking_call$ $method$($parameter$::tern::CallOptions $options$ = {}) const {\n");
  if (method.client_streams || method.server_streams) {
    printer.Print(variables, "  return {$member$, $stub${$member$}.$method$($argument$$options$)};\n}\n");
  } else {
    printer.Print(
        variables,
        "  return ::tern::detail::block_on_call($member$, $stub${$member$}.$method$($argument$$options$));\n}\n");
  }
}

void print_stubs(Printer& printer, const ServiceText& service) {
  print_stub_beginning(
      printer, service, kStub,
      "/// Calls of the service over a channel. Calls that are made when the channel is gone end with CANCELLED.\n");
  printer.Indent();
  print_methods(printer, service, [&](const MethodText& method) { print_call(printer, service, method); });
  printer.Outdent();
  print_stub_end(printer);
  printer.Print("\n");
  print_stub_beginning(printer, service, kBlockingStub,
                       "/// The same for programs without a loop: every call blocks. Not on a loop's thread.\n");
  printer.Indent();
  print_methods(printer, service, [&](const MethodText& method) { print_blocking_call(printer, service, method); });
  printer.Outdent();
  print_stub_end(printer);
}

void print_service(Printer& printer, const ServiceText& service) {
  print_comment(printer, service.comment);
  printer.Print({{"service", service.name}, {"constant", std::string{kServiceName}}, {"name", service.full_name}},
                "struct $service$ final {\n"
                "  static constexpr ::std::string_view $constant$ = \"$name$\";\n\n");
  printer.Indent();
  print_service_class(printer, service, Kind::kAsync);
  print_service_class(printer, service, Kind::kSync);
  print_stubs(printer, service);
  printer.Outdent();
  printer.Print("};\n\n");
}

/// The constructor names the base class and its function in full: a method may have either's name.
void print_constructor(Printer& printer, const ServiceText& service, Kind kind) {
  Variables variables{{"service", service.name},
                      {"class", class_of(kind)},
                      {"name", service.full_name},
                      {"make", kind == Kind::kAsync ? "make_handler" : "make_sync_handler"}};
  printer.Print(variables, "$service$::$class$::$class$() : ::tern::Service(\"$name$\") {\n");
  for (const MethodText& method : service.methods) {
    variables["proto_method"] = method.proto_name;
    variables["method"] = method.name;
    printer.Print(
        variables,
        "  ::tern::Service::add_method(\"$proto_method$\", ::tern::detail::$make$(*this, &$class$::$method$));\n");
  }
  printer.Print("}\n\n");
}

void print_definitions(Printer& printer, const ServiceText& service, Kind kind) {
  print_constructor(printer, service, kind);
  for (const MethodText& method : service.methods) {
    const Function& handler = handler_of(method, kind);
    const Variables variables{{"service", service.name},
                              {"class", class_of(kind)},
                              {"method", method.name},
                              {"returns", handler.returns},
                              {"response", method.response},
                              {"parameters", parameter_list(handler, true)},
                              {"context", handler.parameters.front().name}};
    printer.Print(variables, "$returns$ $service$::$class$::$method$($parameters$) {\n");
    if (kind == Kind::kSync) {
      printer.Print(variables, "  ::tern::detail::abort_unimplemented($context$);\n}\n\n");
    } else if (method.server_streams) {
      printer.Print(variables, "  return ::tern::detail::unimplemented_stream<$response$>($context$);\n}\n\n");
    } else {
      printer.Print(variables, "  return ::tern::detail::unimplemented<$response$>($context$);\n}\n\n");
    }
  }
}

/// Calls `print` for each service, in the namespace of the file's package.
template <class Print>
void print_services(Printer& printer, const FileDescriptor& file, Print print) {
  if (file.service_count() == 0) return;
  const Names names{file};
  const std::string scope = namespace_of(file);
  if (!scope.empty()) printer.Print("namespace $name$ {\n\n", "name", scope);
  for (int i = 0; i < file.service_count(); ++i) print(ServiceText{*file.service(i), names});
  if (!scope.empty()) printer.Print("}  // namespace $name$\n", "name", scope);
}

void print_header(Printer& printer, const FileDescriptor& file) {
  printer.Print(
      {{"file", std::string{file.name()}}, {"base", google::protobuf::compiler::StripProto(std::string{file.name()})}},
      "// Generated by protoc-gen-tern from $file$. Do not edit.\n"
      "#pragma once\n\n"
      "#include \"$base$.pb.h\"\n");
  // A file without services compiles as fast as its messages.
  if (file.service_count() == 0) return printer.Print("#include \"tern/rpc/make.h\"\n");
  printer.Print(
      "#include <string_view>\n"
      "#include <utility>\n\n"
      "#include \"tern/generated.h\"\n\n");
  print_services(printer, file, [&](const ServiceText& service) { print_service(printer, service); });
}

void print_source(Printer& printer, const FileDescriptor& file) {
  printer.Print("// Generated by protoc-gen-tern from $file$. Do not edit.\n", "file", std::string{file.name()});
  if (file.service_count() == 0) {
    printer.Print("#include \"tern/detail/proto_comments.h\"\n\n");
  } else {
    printer.Print("#include \"$base$.tern.h\"\n\n", "base",
                  google::protobuf::compiler::StripProto(std::string{file.name()}));
  }
  print_services(printer, file, [&](const ServiceText& service) {
    print_definitions(printer, service, Kind::kAsync);
    print_definitions(printer, service, Kind::kSync);
  });
  print_comment_table(printer, file);
}

}  // namespace

bool Generator::Generate(const FileDescriptor* file, const std::string& parameter,
                         google::protobuf::compiler::GeneratorContext* context, std::string* error) const {
  if (!parameter.empty()) {
    *error = "protoc-gen-tern takes no options, but was given \"" + parameter + "\"";
    return false;
  }
  *error = refusal_of(*file);
  if (!error->empty()) return false;
  if (const std::string warning = warning_of(*file); warn_ && !warning.empty()) warn_(warning);
  const std::string base = google::protobuf::compiler::StripProto(std::string{file->name()});
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> header{context->Open(base + ".tern.h")};
  Printer header_printer{header.get(), '$'};
  print_header(header_printer, *file);
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> source{context->Open(base + ".tern.cc")};
  Printer source_printer{source.get(), '$'};
  print_source(source_printer, *file);
  return true;
}

bool Generator::GenerateAll(const std::vector<const FileDescriptor*>& files, const std::string& parameter,
                            google::protobuf::compiler::GeneratorContext* context, std::string* error) const {
  return std::ranges::all_of(files,
                             [&](const FileDescriptor* file) { return Generate(file, parameter, context, error); });
}

}  // namespace tern::codegen
