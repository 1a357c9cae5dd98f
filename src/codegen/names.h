// The C++ names of the declarations in a .proto file.
//
// Services, methods and parameters keep the .proto's names where C++ lets them. A name that is a keyword, a macro, or
// taken by something else in its scope gets underscores behind it until it is free. Names that the .proto file declares
// are never taken away from it, and the order of its declarations does not matter. On the wire nothing changes.
#pragma once

#include <google/protobuf/descriptor.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace tern::codegen {

/// The classes inside of a service's struct, and a stub's only member.
inline constexpr std::string_view kAsyncService = "AsyncService";
inline constexpr std::string_view kSyncService = "SyncService";
inline constexpr std::string_view kStub = "Stub";
inline constexpr std::string_view kBlockingStub = "BlockingStub";
inline constexpr std::string_view kServiceName = "kName";
inline constexpr std::string_view kChannelMember = "channel_";

/// For each of `declared` its name in C++: itself where `usable`, otherwise the first with underscores behind it that
/// is usable, not declared and not another one's. `usable` must hold for every name with underscores enough.
std::map<std::string, std::string> renamed(const std::set<std::string>& declared,
                                           const std::function<bool(const std::string&)>& usable);

/// The names of one file's declarations. The file must outlive it.
class Names {
 public:
  explicit Names(const google::protobuf::FileDescriptor& file);

  /// Of the struct that a service becomes.
  [[nodiscard]] const std::string& of(const google::protobuf::ServiceDescriptor& service) const;
  /// Of a method's handlers and calls.
  [[nodiscard]] const std::string& of(const google::protobuf::MethodDescriptor& method) const;
  /// `name` as a function's parameter; no declaration of the file or its imports is hidden by it.
  [[nodiscard]] std::string parameter(std::string_view name) const;

 private:
  std::map<const google::protobuf::ServiceDescriptor*, std::string> services_;
  std::map<const google::protobuf::MethodDescriptor*, std::string> methods_;
  std::set<std::string> visible_;
};

/// The namespace into which protobuf puts the classes of a file: "a::b", empty without a package.
std::string namespace_of(const google::protobuf::FileDescriptor& file);

}  // namespace tern::codegen
