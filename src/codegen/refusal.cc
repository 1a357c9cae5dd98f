#include "codegen/refusal.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "codegen/names.h"
#include "codegen/reserved_words.h"

namespace tern::codegen {

namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::SourceLocation;
using google::protobuf::compiler::cpp::ClassName;

// Namespaces of the library; a test compares them with its headers. Packages below them are free.
constexpr std::array<std::string_view, 10> kOwnNamespaces{
    "tern",       "tern::codegen", "tern::detail",    "tern::http2",   "tern::recycler",
    "tern::rest", "tern::rpc",     "tern::telemetry", "tern::testing", "tern::transport"};

std::string at(const FileDescriptor& file, const SourceLocation& location, const std::string& reason) {
  return std::string{file.name()} + ":" + std::to_string(location.start_line + 1) + ":" +
         std::to_string(location.start_column + 1) + ": " + reason;
}

/// A refusal of the package itself, at its statement.
std::string at_package(const FileDescriptor& file, const std::string& reason) {
  SourceLocation location{};
  static_cast<void>(file.GetSourceLocation({google::protobuf::FileDescriptorProto::kPackageFieldNumber}, &location));
  return at(file, location, "package \"" + std::string{file.package()} + "\": " + reason);
}

std::string refusal_of_file_name(const FileDescriptor& file) {
  const std::string_view name = file.name();
  const bool quotable = std::none_of(name.begin(), name.end(), [](char letter) {
    return letter == '"' || letter == '\\' || (letter >= 0 && letter < 0x20) || letter == 0x7F;
  });
  return quotable ? "" : at(file, SourceLocation{}, "a file of this name cannot be included in C++: rename it");
}

std::string refusal_of_package(const FileDescriptor& file) {
  const std::string scope = namespace_of(file);
  const bool declares = file.message_type_count() + file.enum_type_count() + file.service_count() > 0;
  if (declares && std::find(kOwnNamespaces.begin(), kOwnNamespaces.end(), scope) != kOwnNamespaces.end()) {
    return at_package(file,
                      "the namespace " + scope + " is the library's own: choose another package, or one below it");
  }
  if (scope == "google::protobuf" && file.service_count() > 0) {
    return at_package(file, "the namespace google::protobuf is protobuf's own: choose another package for services");
  }
  std::string_view rest = scope;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find("::"));
    if (is_keyword(part)) {
      return at_package(file, "\"" + std::string{part} +
                                  "\" is a C++ keyword, and protobuf's own code does not rename it in a namespace");
    }
    rest.remove_prefix(std::min(part.size() + 2, rest.size()));
  }
  return "";
}

/// Whether this version of protobuf gives a type of this name, nested or not, a C++ name that is a keyword.
bool keeps_keyword(const std::string& name) {
  if (!is_keyword(name)) return false;
  google::protobuf::FileDescriptorProto probe;
  probe.set_name("probe.proto");
  probe.add_message_type()->set_name(name);
  google::protobuf::DescriptorPool pool;
  return is_keyword(ClassName(pool.BuildFile(probe)->message_type(0)));
}

template <class Declaration>
std::string refusal_of_name(const Declaration& declaration) {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): newer protobuf returns a std::string_view
  const std::string name{declaration.name()};
  if (!keeps_keyword(name)) return "";
  SourceLocation location{};
  static_cast<void>(declaration.GetSourceLocation(&location));
  return at(*declaration.file(), location,
            "\"" + name + "\" is a C++ keyword, and protobuf's own code does not rename it: rename the type");
}

template <class Scope>
std::string refusal_of_enums(const Scope& scope) {
  for (int i = 0; i < scope.enum_type_count(); ++i) {
    if (std::string refusal = refusal_of_name(*scope.enum_type(i)); !refusal.empty()) return refusal;
  }
  return "";
}

std::string refusal_of_message(const google::protobuf::Descriptor& message) {
  std::string refusal = refusal_of_name(message);
  if (refusal.empty()) refusal = refusal_of_enums(message);
  for (int i = 0; refusal.empty() && i < message.nested_type_count(); ++i) {
    refusal = refusal_of_message(*message.nested_type(i));
  }
  return refusal;
}

}  // namespace

std::string refusal_of(const FileDescriptor& file) {
  std::string refusal = refusal_of_file_name(file);
  if (refusal.empty()) refusal = refusal_of_package(file);
  if (refusal.empty()) refusal = refusal_of_enums(file);
  for (int i = 0; refusal.empty() && i < file.message_type_count(); ++i) {
    refusal = refusal_of_message(*file.message_type(i));
  }
  return refusal;
}

std::string warning_of(const FileDescriptor& file) {
  if (!file.package().empty() || file.service_count() == 0) return "";
  return at(file, SourceLocation{},
            "warning: services without a package are in the global namespace, and share their names with all other "
            "servers: add a line like \"package shop.v1;\"");
}

}  // namespace tern::codegen
