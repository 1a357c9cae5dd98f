// RecordedCalls: what calls sent and received, for a test to look at. FakeService keeps them as the server saw them,
// and CallRecorder as the client did.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tern/api.h"
#include "tern/async/clock.h"
#include "tern/async/task.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern::testing {

/// One call, or one attempt of it where the server saw it.
struct TERN_API RecordedCall {
  /// "/package.Service/Method".
  std::string method;
  /// The client's metadata.
  Metadata metadata;
  Metadata initial_metadata;
  Metadata trailing_metadata;
  /// When it began, by the test's time where there is one.
  Clock::time_point begun_at;
  /// How much time it then had; none without a deadline.
  std::optional<Clock::duration> timeout;
  /// Unset while the call runs.
  std::optional<Clock::time_point> ended_at;
  std::optional<Status> status;
  /// The messages of both ends in their order, serialised.
  std::vector<std::string> requests;
  std::vector<std::string> responses;

  /// Returns a message as one of that type. Throws std::out_of_range when there are not so many, and
  /// std::invalid_argument for bytes of another type.
  template <class Message>
  [[nodiscard]] Message request(std::size_t index = 0) const {
    return parse<Message>(requests, index, "request");
  }
  template <class Message>
  [[nodiscard]] Message response(std::size_t index = 0) const {
    return parse<Message>(responses, index, "response");
  }

 private:
  template <class Message>
  [[nodiscard]] Message parse(const std::vector<std::string>& messages, std::size_t index, const char* what) const {
    Message message;
    parse_into(messages, index, what, message);
    return message;
  }
  void parse_into(const std::vector<std::string>& messages, std::size_t index, const char* what,
                  google::protobuf::MessageLite& message) const;
};

/// In the order in which the calls began. Any thread may look. Everywhere `method` is "Method" or
/// "/package.Service/Method", and without it all calls are meant.
class TERN_API RecordedCalls {
 public:
  RecordedCalls() = default;
  RecordedCalls(const RecordedCalls&) = delete;
  RecordedCalls& operator=(const RecordedCalls&) = delete;
  ~RecordedCalls();

  /// Copies: a call that still runs is as it was at that moment.
  [[nodiscard]] std::vector<RecordedCall> all(std::string_view method = {}) const;
  [[nodiscard]] std::size_t count(std::string_view method = {}) const;
  /// Returns the call that began last. Throws std::out_of_range before the first one.
  [[nodiscard]] RecordedCall last(std::string_view method = {}) const;
  /// Forgets the calls that have ended.
  void clear();

  /// Waits until `count` calls have begun, or have ended.
  Task<void> begun(std::size_t count, std::string_view method = {}) const;
  Task<void> ended(std::size_t count, std::string_view method = {}) const;

  /// One call while it runs, for the recorder that writes it down. May outlive `this`. Any thread.
  class Entry;
  std::shared_ptr<Entry> add(RecordedCall call);

 private:
  struct Shared;
  Task<void> wait(std::size_t count, std::string method, bool for_end) const;

  std::shared_ptr<Shared> shared_ = make_shared();
  static std::shared_ptr<Shared> make_shared();
};

class RecordedCalls::Entry {
 public:
  Entry(std::shared_ptr<Shared> shared, RecordedCall call);

  void add_request(std::string bytes);
  void add_response(std::string bytes);
  void end(Status status, const Metadata& initial, const Metadata& trailing);
  void set_metadata(const Metadata& metadata);
  [[nodiscard]] bool ended() const;
  [[nodiscard]] RecordedCall copy() const;

 private:
  friend class RecordedCalls;
  std::shared_ptr<Shared> shared_;
  RecordedCall call_;
};

}  // namespace tern::testing
