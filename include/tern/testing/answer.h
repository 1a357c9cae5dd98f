// Answer: how a FakeService answers a call, step by step.
//
//   replies(reply)                                   // one message
//   fails(tern::StatusCode::kUnavailable, "no stock")
//   after(3s).send(reply)                            // late
//   never()                                          // until the client gives up
//   replies(first).wait(1s).send(second).fail(tern::StatusCode::kAborted)   // a stream
#pragma once

#include <google/protobuf/message_lite.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tern/api.h"
#include "tern/rpc/status.h"

namespace tern::testing {

/// A value. Without a step it ends the call with OK, as a stream without messages. Steps after the end throw
/// std::logic_error.
class TERN_API Answer {
 public:
  Answer() = default;

  /// Sends a message. Copied now.
  Answer& send(const google::protobuf::MessageLite& message) &;
  Answer send(const google::protobuf::MessageLite& message) &&;
  /// Waits for so long before the next step, by the test's time where there is one.
  Answer& wait(std::chrono::nanoseconds time) &;
  Answer wait(std::chrono::nanoseconds time) &&;
  /// Adds to the trailing metadata, or to the initial metadata (before the first message). The rules of Metadata::add.
  Answer& trailing_metadata(std::string_view key, std::string_view value) &;
  Answer trailing_metadata(std::string_view key, std::string_view value) &&;
  Answer& initial_metadata(std::string_view key, std::string_view value) &;
  Answer initial_metadata(std::string_view key, std::string_view value) &&;

  /// Ends the call with this status; `code` must not be kOk.
  Answer& fail(StatusCode code, std::string details = {}) &;
  Answer fail(StatusCode code, std::string details = {}) &&;
  Answer& fail(Status status) &;
  Answer fail(Status status) &&;
  /// Leaves the call open until the client, its deadline or the server's end cancels it.
  Answer& never_end() &;
  Answer never_end() &&;

  struct Message {
    std::string type;
    std::string bytes;
  };
  struct Wait {
    std::chrono::nanoseconds time;
  };
  struct Entry {
    bool trailing;
    std::string key;
    std::string value;
  };
  struct Fail {
    Status status;
  };
  struct NeverEnd {};
  using Step = std::variant<Message, Wait, Entry, Fail, NeverEnd>;

  /// For FakeService.
  [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }
  [[nodiscard]] std::size_t messages() const noexcept;
  /// Whether its last step ends the call, or leaves it open for ever.
  [[nodiscard]] bool ended() const noexcept;

 private:
  void add(Step step);
  std::vector<Step> steps_;
};

/// The answers that most tests need.
[[nodiscard]] TERN_API Answer replies(const google::protobuf::MessageLite& message);
[[nodiscard]] TERN_API Answer fails(StatusCode code, std::string details = {});
[[nodiscard]] TERN_API Answer fails(Status status);
[[nodiscard]] TERN_API Answer after(std::chrono::nanoseconds time);
[[nodiscard]] TERN_API Answer never();

}  // namespace tern::testing
