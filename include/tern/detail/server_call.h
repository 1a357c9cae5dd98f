// A call of a server as typed handlers see it: the functions that they need of ServerCall, which is the library's own
// (src/server/server_call.h). All on the call's loop.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/detail/blocking_bridge.h"
#include "tern/detail/buffer.h"
#include "tern/detail/message_waits.h"
#include "tern/rpc/message_ref.h"

namespace tern {

class ServerCall;
class ServerContext;

namespace detail {

[[nodiscard]] TERN_API ServerContext& context_of(ServerCall& call) noexcept;
[[nodiscard]] TERN_API MessageStream& stream_of(ServerCall& call) noexcept;

/// Takes the request of a method that has one, which has arrived. Throws AbortError (INTERNAL) when it is not of this
/// type.
TERN_API void take_request(ServerCall& call, google::protobuf::MessageLite& request);
TERN_API void take_request(ServerCall& call, RawMessage& request);
/// One message of the client. Throws AbortError (INTERNAL) when the bytes are not of this type.
TERN_API void decode(ServerCall& call, const Buffer& bytes, google::protobuf::MessageLite& request);
TERN_API void decode(ServerCall& call, const Buffer& bytes, RawMessage& request);

/// Sends the only message of the response, or one more. Throws AbortError when it is too long.
TERN_API void send_message(ServerCall& call, MessageRef message);
/// The same, and waits while the peer is behind.
TERN_API WriteWait write(ServerCall& call, MessageRef message);

/// A message as it goes out. Throws AbortError when it is too long.
TERN_API Buffer encode(ServerCall& call, MessageRef message);
/// Sends it, and waits while the peer is behind.
TERN_API WriteWait write_encoded(ServerCall& call, Buffer message);
/// In bytes: freeing a shorter response before the wait costs more than it is worth.
inline constexpr std::size_t kLongResponse = std::size_t{16} * 1024;

/// write() for a response that `responses` has yielded. A long one is freed before the wait, if the handler gave it
/// away.
template <class Response>
WriteWait write_from(ServerCall& call, AsyncGenerator<Response>& responses, const Response& response) {
  Buffer encoded = encode(call, response);
  if (encoded.size() >= kLongResponse) responses.release();
  return write_encoded(call, std::move(encoded));
}

/// How a synchronous handler reaches the call from its thread; made at the first use.
TERN_API std::shared_ptr<BlockingBridge> bridge_of(ServerCall& call);

}  // namespace detail
}  // namespace tern
