#include "codegen/names.h"

#include <algorithm>
#include <array>

namespace tern::codegen {

namespace {

constexpr std::array<std::string_view, 94> kKeywords{
    "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
    "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
    "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
    "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
    "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
    "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
    "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
    "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
    "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
    "requires",    "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
    "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
    "true",        "try",      "typedef",    "typeid",    "typename",  "union",        "unsigned",
    "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
    "xor_eq",      "NULL",     "assert"};

// A class cannot have a method of its own name, nor override the base's.
constexpr std::array<std::string_view, 7> kTaken{"AsyncService", "SyncService", "Stub",      "BlockingStub",
                                                 "name",         "methods",     "add_method"};

template <std::size_t kSize>
bool contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string safe_name(std::string_view name) {
  return contains(kKeywords, name) ? std::string{name} + "_" : std::string{name};
}

std::string method_name(const google::protobuf::MethodDescriptor& method) {
  return contains(kTaken, method.name()) ? method.name() + "_" : safe_name(method.name());
}

std::vector<std::string> namespaces_of(const google::protobuf::FileDescriptor& file) {
  std::vector<std::string> names;
  std::string_view rest = file.package();
  while (!rest.empty()) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    names.push_back(safe_name(rest.substr(0, dot)));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return names;
}

std::string without_extension(std::string_view proto_file) {
  constexpr std::string_view kExtension = ".proto";
  if (proto_file.ends_with(kExtension)) proto_file.remove_suffix(kExtension.size());
  return std::string{proto_file};
}

}  // namespace tern::codegen
