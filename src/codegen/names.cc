#include "codegen/names.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "codegen/declared_names.h"
#include "codegen/reserved_words.h"

namespace tern::codegen {

namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

bool is_word(const std::string& name) { return !is_keyword(name) && !is_macro(name); }

/// Without a package, and in `std`, the libraries of C and C++ have types and namespaces of their own.
bool is_library_scope(const FileDescriptor& file) {
  const std::string scope = namespace_of(file);
  return scope.empty() || scope == "std";
}

/// All of them begin with a small letter (`tm`, `string`, `google`) or have none (`FILE`, `DIR`).
bool looks_like_library_type(const std::string& name) {
  const auto is_small = [](char letter) { return letter >= 'a' && letter <= 'z'; };
  return !name.ends_with('_') && (is_small(name[0]) || std::none_of(name.begin(), name.end(), is_small));
}

/// Headers of protobuf's and ours that come later say `std::`, `google::` and `tern::` in the same namespace.
bool is_inner_name(const std::string& name) {
  return name == kAsyncService || name == kSyncService || name == kStub || name == kBlockingStub ||
         name == kServiceName || name == "std" || name == "google" || name == "tern";
}

bool is_member_name(const std::string& name) {
  return name == kAsyncService || name == kSyncService || name == kStub || name == kBlockingStub ||
         name == kChannelMember;
}

}  // namespace

std::map<std::string, std::string> renamed(const std::set<std::string>& declared,
                                           const std::function<bool(const std::string&)>& usable) {
  std::set<std::string> taken = declared;
  std::map<std::string, std::string> names;
  for (const std::string& name : declared) {
    std::string free = name;
    while (!usable(free) || (free != name && taken.contains(free))) free += '_';
    taken.insert(free);
    names.emplace(name, free);
  }
  return names;
}

Names::Names(const FileDescriptor& file) {
  const std::set<std::string> declared = names_in_package(file);
  const bool library_scope = is_library_scope(file);
  std::set<std::string> service_names;
  for (int i = 0; i < file.service_count(); ++i) service_names.emplace(file.service(i)->name());
  const auto services = renamed(service_names, [&](const std::string& name) {
    if (library_scope && looks_like_library_type(name)) return false;
    return is_word(name) && !is_inner_name(name) && !declared.contains(name);
  });
  for (int i = 0; i < file.service_count(); ++i) {
    const ServiceDescriptor& service = *file.service(i);
    services_.emplace(&service, services.at(std::string{service.name()}));
    std::set<std::string> method_names;
    for (int j = 0; j < service.method_count(); ++j) method_names.emplace(service.method(j)->name());
    const auto methods =
        renamed(method_names, [](const std::string& name) { return is_word(name) && !is_member_name(name); });
    for (int j = 0; j < service.method_count(); ++j) {
      methods_.emplace(service.method(j), methods.at(std::string{service.method(j)->name()}));
    }
  }
  visible_ = visible_names(file);
}

const std::string& Names::of(const ServiceDescriptor& service) const { return services_.at(&service); }
const std::string& Names::of(const MethodDescriptor& method) const { return methods_.at(&method); }

std::string Names::parameter(std::string_view name) const {
  std::string free{name};
  while (visible_.contains(free) || free == kChannelMember) free += '_';
  return free;
}

std::string namespace_of(const FileDescriptor& file) {
  // Only libprotoc knows its own rule, which differs between versions: it is asked for the name of a message there.
  google::protobuf::FileDescriptorProto probe;
  probe.set_name("probe.proto");
  probe.set_package(std::string{file.package()});
  probe.add_message_type()->set_name("M");
  google::protobuf::DescriptorPool pool;
  std::string name = google::protobuf::compiler::cpp::QualifiedClassName(pool.BuildFile(probe)->message_type(0));
  name.resize(name.size() - std::string_view{"::M"}.size());
  return name.starts_with("::") ? name.substr(2) : name;
}

}  // namespace tern::codegen
