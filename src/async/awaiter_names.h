// Names of awaiters for people, in place of their types (JobStack). Each folder has a table of its own.
#pragma once

#include <span>
#include <string_view>

namespace tern {

/// The type's name begins with `type`.
struct AwaiterName {
  std::string_view type;
  std::string_view words;
};

/// A static object beside the awaiters. Its table lives for ever, and is known from the program's start on.
class AwaiterNames {
 public:
  explicit AwaiterNames(std::span<const AwaiterName> table) noexcept;
  AwaiterNames(const AwaiterNames&) = delete;
  AwaiterNames& operator=(const AwaiterNames&) = delete;

  /// Empty for a type that no table has. Any thread.
  [[nodiscard]] static std::string_view of(std::string_view type) noexcept;

 private:
  std::span<const AwaiterName> table_;
  const AwaiterNames* next_;
};

}  // namespace tern
