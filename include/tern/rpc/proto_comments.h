// What .proto files say of their declarations. protobuf leaves comments out of its descriptors, so generated code keeps
// them, for documents that are made of descriptors (OpenAPI).
#pragma once

#include <span>
#include <string_view>

namespace tern {

struct ProtoComment {
  /// Of the declaration, in full: "user.v1.User.name".
  std::string_view name;
  std::string_view text;
};

/// The comments of one file; generated code has one with static storage for each.
class ProtoComments {
 public:
  /// During static initialisation. `comments` live for ever.
  explicit ProtoComments(std::span<const ProtoComment> comments) noexcept;

  /// Empty where there is none. After static initialisation, any thread.
  static std::string_view find(std::string_view name) noexcept;

 private:
  std::span<const ProtoComment> comments_;
  const ProtoComments* next_;
};

}  // namespace tern
