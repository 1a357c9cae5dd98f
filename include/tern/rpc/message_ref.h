// MessageRef: a message that somebody looks at, protobuf's or a RawMessage.
#pragma once

#include <string>
#include <utility>

namespace google::protobuf {
class MessageLite;
}

namespace tern {

/// A message whose type is not known here, or does not matter: a proxy's, say.
struct RawMessage {
  RawMessage() = default;
  // No aggregate: g++ 12 destroys an aggregate's members twice where it is written in a co_yield expression.
  explicit RawMessage(std::string its_bytes) noexcept : bytes(std::move(its_bytes)) {}

  std::string bytes;
};

/// A message of either kind, looked at.
class MessageRef {
 public:
  // Implicit, so that either is simply given.
  MessageRef(const google::protobuf::MessageLite& message) noexcept  // NOLINT(google-explicit-constructor)
      : message_(&message) {}
  MessageRef(const RawMessage& message) noexcept : raw_(&message) {}  // NOLINT(google-explicit-constructor)

  /// Null for the other kind.
  [[nodiscard]] const google::protobuf::MessageLite* message() const noexcept { return message_; }
  [[nodiscard]] const RawMessage* raw() const noexcept { return raw_; }

 private:
  const google::protobuf::MessageLite* message_ = nullptr;
  const RawMessage* raw_ = nullptr;
};

}  // namespace tern
