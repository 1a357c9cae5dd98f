// What .proto files say of their declarations. protobuf leaves comments out of its descriptors, so generated code keeps
// them, for documents that are made of descriptors (OpenAPI).
#pragma once

#include <span>
#include <string_view>

#include "tern/api.h"

namespace tern {

/// Texts end with a zero: their lengths, taken at compile time, would exceed what compilers evaluate for a large file.
struct ProtoComment {
  /// The declaration's full name: "user.v1.User.name".
  const char* name;
  const char* text;
};

/// The comments of one file; generated code has one with static storage for each.
class TERN_API ProtoComments {
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
