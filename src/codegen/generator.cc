#include "codegen/generator.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "codegen/names.h"

namespace tern::codegen {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

std::string class_of(const Descriptor& message) {
  return google::protobuf::compiler::cpp::QualifiedClassName(&message);
}

Variables variables_of(const MethodDescriptor& method) {
  return {{"method", method_name(method)},
          {"path", "/" + method.service()->full_name() + "/" + method.name()},
          {"proto_method", method.name()},
          {"request", class_of(*method.input_type())},
          {"response", class_of(*method.output_type())}};
}

/// What stands above a declaration in the .proto file, or behind it; empty lines between paragraphs.
template <class Declaration>
std::vector<std::string> comment_of(const Declaration& declaration) {
  google::protobuf::SourceLocation location;
  if (!declaration.GetSourceLocation(&location)) return {};
  const std::string& text = location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
  std::istringstream in{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line.starts_with(' ') ? line.substr(1) : line);
  return lines;
}

/// The same as a comment of ours.
template <class Declaration>
void print_comment(Printer& printer, const Declaration& declaration) {
  for (const std::string& line : comment_of(declaration)) {
    if (line.empty()) {
      printer.Print("///\n");
    } else {
      printer.Print("/// $line$\n", "line", line);
    }
  }
}

/// The parts of a method's declaration that depend on what streams.
struct Shape {
  const char* async;
  const char* sync;
  const char* stub;
  const char* stub_parameters;
  const char* blocking;
};

const Shape& shape_of(const MethodDescriptor& method) {
  static constexpr Shape kUnary{
      "::tern::Task<$response$> $owner$$method$(::tern::ServerContext& context, const $request$& request)",
      "$response$ $owner$$method$(::tern::ServerContext& context, const $request$& request)",
      "::tern::UnaryCall<$response$>", "const $request$& request, ", "$response$"};
  static constexpr Shape kServerStream{
      "::tern::AsyncGenerator<$response$> $owner$$method$(::tern::ServerContext& context, const $request$& request)",
      "void $owner$$method$(::tern::ServerContext& context, const $request$& request, "
      "::tern::BlockingWriter<$response$>& responses)",
      "::tern::ServerStreamCall<$response$>", "const $request$& request, ",
      "::tern::BlockingCall<::tern::ServerStreamCall<$response$>>"};
  static constexpr Shape kClientStream{
      "::tern::Task<$response$> $owner$$method$(::tern::ServerContext& context, ::tern::Reader<$request$>& requests)",
      "$response$ $owner$$method$(::tern::ServerContext& context, ::tern::BlockingReader<$request$>& requests)",
      "::tern::ClientStreamCall<$request$, $response$>", "",
      "::tern::BlockingCall<::tern::ClientStreamCall<$request$, $response$>>"};
  static constexpr Shape kBidiStream{
      "::tern::AsyncGenerator<$response$> $owner$$method$(::tern::ServerContext& context, ::tern::Reader<$request$>& "
      "requests)",
      "void $owner$$method$(::tern::ServerContext& context, ::tern::BlockingReader<$request$>& requests, "
      "::tern::BlockingWriter<$response$>& responses)",
      "::tern::BidiStreamCall<$request$, $response$>", "",
      "::tern::BlockingCall<::tern::BidiStreamCall<$request$, $response$>>"};
  if (method.client_streaming()) return method.server_streaming() ? kBidiStream : kClientStream;
  return method.server_streaming() ? kServerStream : kUnary;
}

template <class Visit>
void for_each_method(const ServiceDescriptor& service, Visit visit) {
  for (int i = 0; i < service.method_count(); ++i) visit(*service.method(i));
}

void print_service_class(Printer& printer, const ServiceDescriptor& service, bool async) {
  printer.Print("/// $what$ Override what you implement; the rest answers UNIMPLEMENTED.\n", "what",
                async ? "The service as coroutines, run on the server's loops."
                      : "The service as plain functions that may block, run on the server's workers.");
  printer.Print("class $name$ : public ::tern::Service {\n public:\n", "name", async ? "AsyncService" : "SyncService");
  printer.Indent();
  printer.Print("$name$();\n", "name", async ? "AsyncService" : "SyncService");
  for_each_method(service, [&](const MethodDescriptor& method) {
    Variables variables = variables_of(method);
    variables["owner"] = "";
    printer.Print("\n");
    print_comment(printer, method);
    printer.Print(variables,
                  ("virtual " + std::string{async ? shape_of(method).async : shape_of(method).sync} + ";\n").c_str());
  });
  printer.Outdent();
  printer.Print("};\n\n");
}

void print_stub(Printer& printer, const ServiceDescriptor& service) {
  printer.Print(
      "/// Calls of the service over a channel, which must outlive the stub and its calls.\n"
      "class Stub {\n public:\n");
  printer.Indent();
  printer.Print("explicit Stub(::tern::Channel& channel) noexcept : channel_(&channel) {}\n");
  for_each_method(service, [&](const MethodDescriptor& method) {
    const Variables variables = variables_of(method);
    const Shape& shape = shape_of(method);
    const std::string call{shape.stub};
    printer.Print("\n");
    print_comment(printer, method);
    const bool has_request = !method.client_streaming();
    printer.Print(
        variables,
        (call + " $method$(" + shape.stub_parameters + "::tern::CallOptions options = {}) const {\n").c_str());
    printer.Print(variables, ("  return " + call + "{*channel_, \"$path$\", " + (has_request ? "request, " : "") +
                              "options};\n}\n")
                                 .c_str());
    if (method.client_streaming() && method.server_streaming()) {
      printer.Print(
          variables,
          (call + " $method$(::tern::AsyncGenerator<$request$> requests, ::tern::CallOptions options = {}) const {\n")
              .c_str());
      printer.Print(variables,
                    ("  return " + call + "{*channel_, \"$path$\", std::move(requests), options};\n}\n").c_str());
    }
  });
  printer.Outdent();
  printer.Print("\n private:\n  ::tern::Channel* channel_;\n};\n\n");
}

void print_blocking_stub(Printer& printer, const ServiceDescriptor& service) {
  printer.Print(
      "/// The same for programs without a loop: every call blocks. Not on a loop's thread.\n"
      "class BlockingStub {\n public:\n");
  printer.Indent();
  printer.Print("explicit BlockingStub(::tern::Channel& channel) noexcept : channel_(&channel) {}\n");
  for_each_method(service, [&](const MethodDescriptor& method) {
    const Variables variables = variables_of(method);
    const Shape& shape = shape_of(method);
    printer.Print("\n");
    print_comment(printer, method);
    printer.Print(variables, (std::string{shape.blocking} + " $method$(" + shape.stub_parameters +
                              "::tern::CallOptions options = {}) const {\n")
                                 .c_str());
    const std::string call =
        std::string{"Stub{*channel_}.$method$("} + (method.client_streaming() ? "" : "request, ") + "options)";
    if (method.client_streaming() || method.server_streaming()) {
      printer.Print(variables, ("  return {*channel_, " + call + "};\n}\n").c_str());
    } else {
      printer.Print(variables, ("  return ::tern::block_on_call(*channel_, " + call + ");\n}\n").c_str());
    }
  });
  printer.Outdent();
  printer.Print("\n private:\n  ::tern::Channel* channel_;\n};\n");
}

void print_service(Printer& printer, const ServiceDescriptor& service) {
  print_comment(printer, service);
  printer.Print("struct $service$ final {\n", "service", safe_name(service.name()));
  printer.Indent();
  printer.Print("static constexpr std::string_view kName = \"$name$\";\n\n", "name", service.full_name());
  print_service_class(printer, service, true);
  print_service_class(printer, service, false);
  print_stub(printer, service);
  print_blocking_stub(printer, service);
  printer.Outdent();
  printer.Print("};\n\n");
}

void print_definitions(Printer& printer, const ServiceDescriptor& service, bool async) {
  const std::string class_name = async ? "AsyncService" : "SyncService";
  const std::string owner = safe_name(service.name()) + "::" + class_name;
  printer.Print("$owner$::$class$() : Service(std::string{kName}) {\n", "owner", owner, "class", class_name);
  for_each_method(service, [&](const MethodDescriptor& method) {
    Variables variables = variables_of(method);
    variables["class"] = class_name;
    variables["make"] = async ? "make_handler" : "make_sync_handler";
    printer.Print(variables, "  add_method(\"$proto_method$\", ::tern::$make$(*this, &$class$::$method$));\n");
  });
  printer.Print("}\n\n");
  for_each_method(service, [&](const MethodDescriptor& method) {
    Variables variables = variables_of(method);
    variables["owner"] = owner + "::";
    std::string declaration = async ? shape_of(method).async : shape_of(method).sync;
    // Unused but for the context.
    for (const char* name : {" request)", " requests)", " request,", " requests,", " responses)"}) {
      const std::size_t at = declaration.find(name);
      if (at == std::string::npos) continue;
      const std::string word{name};
      declaration.replace(at, word.size(), " /*" + word.substr(1, word.size() - 2) + "*/" + word.back());
    }
    printer.Print(variables, (declaration + " {\n").c_str());
    if (!async) {
      printer.Print("  ::tern::abort_unimplemented(context);\n}\n\n");
    } else if (method.server_streaming()) {
      printer.Print(variables, "  return ::tern::unimplemented_stream<$response$>(context);\n}\n\n");
    } else {
      printer.Print(variables, "  return ::tern::unimplemented<$response$>(context);\n}\n\n");
    }
  });
}

void print_namespaces(Printer& printer, const FileDescriptor& file, bool open) {
  std::string name;
  for (const std::string& part : namespaces_of(file)) name += (name.empty() ? "" : "::") + part;
  if (name.empty()) return;
  if (open) {
    printer.Print("namespace $name$ {\n\n", "name", name);
  } else {
    printer.Print("}  // namespace $name$\n", "name", name);
  }
}

void print_header(Printer& printer, const FileDescriptor& file) {
  printer.Print(
      "// Generated by protoc-gen-tern from $file$. Do not edit.\n"
      "#pragma once\n\n"
      "#include <string_view>\n#include <utility>\n\n"
      "#include \"$base$.pb.h\"\n#include \"tern/generated.h\"\n\n",
      "file", file.name(), "base", without_extension(file.name()));
  print_namespaces(printer, file, true);
  for (int i = 0; i < file.service_count(); ++i) print_service(printer, *file.service(i));
  print_namespaces(printer, file, false);
}

/// As a literal, without its quotes.
std::string escaped(const std::string& text) {
  std::string literal;
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') literal += '\\';
    literal += letter;
  }
  return literal;
}

/// Collects the comments of a file's declarations as elements of an array.
class CommentTable {
 public:
  void add_file(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) add_message(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) add_enum(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i) {
      add(*file.service(i));
      for_each_method(*file.service(i), [this](const MethodDescriptor& method) { add(method); });
    }
  }
  [[nodiscard]] const std::string& elements() const noexcept { return elements_; }

 private:
  void add_message(const Descriptor& message) {
    add(message);
    for (int i = 0; i < message.field_count(); ++i) add(*message.field(i));
    for (int i = 0; i < message.nested_type_count(); ++i) add_message(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) add_enum(*message.enum_type(i));
  }
  void add_enum(const google::protobuf::EnumDescriptor& type) {
    add(type);
    for (int i = 0; i < type.value_count(); ++i) add(*type.value(i));
  }
  template <class Declaration>
  void add(const Declaration& declaration) {
    std::string text;
    for (const std::string& line : comment_of(declaration)) text += (text.empty() ? "" : "\\n") + escaped(line);
    if (!text.empty()) elements_ += "    {\"" + declaration.full_name() + "\", \"" + text + "\"},\n";
  }

  std::string elements_;
};

void print_comments(Printer& printer, const FileDescriptor& file) {
  CommentTable table;
  table.add_file(file);
  if (table.elements().empty()) return;
  printer.PrintRaw("\nnamespace {\n\nconstexpr ::tern::ProtoComment kCommentTexts[] = {\n" + table.elements() +
                   "};\nconst ::tern::ProtoComments kComments{kCommentTexts};\n\n}  // namespace\n");
}

void print_source(Printer& printer, const FileDescriptor& file) {
  printer.Print(
      "// Generated by protoc-gen-tern from $file$. Do not edit.\n"
      "#include \"$base$.tern.h\"\n\n#include <string>\n\n",
      "file", file.name(), "base", without_extension(file.name()));
  print_namespaces(printer, file, true);
  for (int i = 0; i < file.service_count(); ++i) {
    print_definitions(printer, *file.service(i), true);
    print_definitions(printer, *file.service(i), false);
  }
  print_namespaces(printer, file, false);
  print_comments(printer, file);
}

}  // namespace

bool Generator::Generate(const FileDescriptor* file, const std::string& parameter,
                         google::protobuf::compiler::GeneratorContext* context, std::string* error) const {
  if (!parameter.empty()) {
    *error = "protoc-gen-tern takes no options, but was given \"" + parameter + "\"";
    return false;
  }
  const std::string base = without_extension(file->name());
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> header{context->Open(base + ".tern.h")};
  Printer header_printer{header.get(), '$'};
  print_header(header_printer, *file);
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> source{context->Open(base + ".tern.cc")};
  Printer source_printer{source.get(), '$'};
  print_source(source_printer, *file);
  return true;
}

}  // namespace tern::codegen
