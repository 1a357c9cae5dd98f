// GenericStub: calls by name and bytes, for a client that does not know the messages.
#pragma once

#include <string>

#include "tern/client/stream_call.h"
#include "tern/client/unary_call.h"

namespace tern {

/// `method` is "/package.Service/Method" and outlives the call. The channel outlives the stub and its calls.
class GenericStub {
 public:
  explicit GenericStub(Channel& channel) noexcept : channel_(&channel) {}

  [[nodiscard]] UnaryCall<RawMessage> unary(std::string_view method, const RawMessage& request,
                                            CallOptions options = {}) const {
    return {*channel_, method, request, options};
  }
  /// Any kind of call: one message each way is what a unary method has.
  [[nodiscard]] BidiStreamCall<RawMessage, RawMessage> stream(std::string_view method, CallOptions options = {}) const {
    return {*channel_, method, options};
  }

 private:
  Channel* channel_;
};

}  // namespace tern
