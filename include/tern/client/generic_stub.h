// GenericStub: calls by name and bytes, for a client that does not know the messages.
#pragma once

#include <string_view>
#include <utility>

#include "tern/api.h"
#include "tern/client/stream_call.h"
#include "tern/client/unary_call.h"

namespace tern {

/// `method` is "/package.Service/Method" and outlives the call; any other text throws std::invalid_argument. Calls that
/// are made when the channel is gone end with CANCELLED.
class TERN_API GenericStub {
 public:
  explicit GenericStub(detail::ChannelHandle channel) noexcept : channel_(std::move(channel)) {}

  [[nodiscard("a call begins when it is awaited: co_await it")]] UnaryCall<RawMessage> unary(
      std::string_view method, const RawMessage& request, CallOptions options = {}) const {
    return {channel_, checked(method), request, options};
  }
  /// Any kind of call: one message each way is what a unary method has.
  [[nodiscard]] BidiStreamCall<RawMessage, RawMessage> stream(std::string_view method, CallOptions options = {}) const {
    return {channel_, checked(method), options};
  }

 private:
  static std::string_view checked(std::string_view method);

  detail::ChannelHandle channel_;
};

}  // namespace tern
