// Schema: services and messages known at run time, from a server's reflection or from .proto files; JSON to a message's
// bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/tern.h"

namespace google::protobuf {
class Descriptor;
class DescriptorPool;
class MethodDescriptor;
}  // namespace google::protobuf

namespace tern::tool {

class Schema {
 public:
  /// What a server says of `service` (grpc.reflection.v1, or v1alpha), over `channel`. Throws RpcError when it cannot
  /// be asked, UsageError when it does not know the service.
  static Task<Schema> from_reflection(Channel& channel, std::string service);
  /// `file` and what it imports, looked for in `import_folders`; none: its own folder. Throws UsageError with protoc's
  /// own words.
  static Schema from_proto(const std::string& file, std::vector<std::string> import_folders);

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  /// `name` is "package.Service/Method"; throws UsageError that lists what there is. Lives as long as the schema.
  [[nodiscard]] const google::protobuf::MethodDescriptor& method(std::string_view name) const;

  /// Throws UsageError that says what is wrong with the JSON.
  [[nodiscard]] std::string to_bytes(const google::protobuf::Descriptor& type, const std::string& json) const;

 private:
  struct Source;
  explicit Schema(std::unique_ptr<Source> source) noexcept;
  std::unique_ptr<Source> source_;
};

/// "package.Service" of "package.Service/Method", also with a slash before. Throws UsageError for anything else.
std::string service_of(std::string_view method);

}  // namespace tern::tool
