#include "codegen/declared_names.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.pb.h>

#include <functional>

namespace tern::codegen {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::compiler::cpp::ClassName;

class Collector {
 public:
  explicit Collector(std::set<std::string>& names) : names_(names) {}

  void add_file(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) add_message(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) add_enum(*file.enum_type(i), "");
    for (int i = 0; i < file.extension_count(); ++i) add_extension(*file.extension(i));
    // Protobuf's generic services are classes of the services' own names.
    for (int i = 0; file.options().cc_generic_services() && i < file.service_count(); ++i) {
      const std::string name{file.service(i)->name()};
      names_.insert({name, name + "_Stub"});
    }
  }

 private:
  void add_message(const Descriptor& message) {
    const std::string name = ClassName(&message);
    names_.insert({name, name + "DefaultTypeInternal", "_" + name + "_default_instance_"});
    for (int i = 0; i < message.nested_type_count(); ++i) add_message(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i)
      add_enum(*message.enum_type(i), ClassName(message.enum_type(i)) + "_");
  }

  /// The values of a message's enumeration have a prefix in the namespace.
  void add_enum(const EnumDescriptor& type, const std::string& prefix) {
    const std::string name = ClassName(&type);
    names_.insert(name);
    for (const char* part : {"_Name", "_Parse", "_IsValid", "_MIN", "_MAX", "_ARRAYSIZE", "_descriptor"}) {
      names_.insert(name + part);
    }
    for (int i = 0; i < type.value_count(); ++i) {
      names_.insert(prefix + google::protobuf::compiler::cpp::EnumValueName(type.value(i)));
    }
  }

  void add_extension(const FieldDescriptor& extension) {
    names_.emplace(extension.name());
    std::string constant{extension.camelcase_name()};
    if (!constant.empty() && constant[0] >= 'a' && constant[0] <= 'z')
      constant[0] = static_cast<char>(constant[0] - 'a' + 'A');
    names_.insert("k" + constant + "FieldNumber");
  }

  std::set<std::string>& names_;
};

void visit(const FileDescriptor& file, std::set<const FileDescriptor*>& visited,
           const std::function<void(const FileDescriptor&)>& use) {
  if (!visited.insert(&file).second) return;
  use(file);
  for (int i = 0; i < file.dependency_count(); ++i) visit(*file.dependency(i), visited, use);
}

}  // namespace

std::set<std::string> names_in_package(const FileDescriptor& file) {
  std::set<std::string> names;
  std::set<const FileDescriptor*> visited;
  visit(file, visited, [&](const FileDescriptor& other) {
    if (other.package() == file.package()) Collector{names}.add_file(other);
  });
  return names;
}

std::set<std::string> visible_names(const FileDescriptor& file) {
  std::set<std::string> names;
  std::set<const FileDescriptor*> visited;
  visit(file, visited, [&](const FileDescriptor& other) { Collector{names}.add_file(other); });
  return names;
}

}  // namespace tern::codegen
