// A call of a client as the typed calls see it: the functions that they need of ClientCall, which is the library's own
// (src/client/client_call.h). All on the call's loop, except make_call().
#pragma once

#include <google/protobuf/message_lite.h>

#include <exception>
#include <memory>
#include <string_view>

#include "tern/api.h"
#include "tern/async/event.h"
#include "tern/async/task.h"
#include "tern/client/call_options.h"
#include "tern/detail/buffer.h"
#include "tern/detail/channel_handle.h"
#include "tern/detail/message_waits.h"
#include "tern/detail/misuse.h"
#include "tern/rpc/message_ref.h"
#include "tern/rpc/status.h"

namespace tern {

class ClientCall;

namespace detail {

struct TERN_API DeleteCall {
  void operator()(ClientCall* call) const noexcept;
};
/// Destroyed before its end, the call is cancelled (RST_STREAM).
using OwnedCall = std::unique_ptr<ClientCall, DeleteCall>;

/// Throws std::logic_error for one that was moved from.
inline ClientCall& call_of(const OwnedCall& owned) {
  if (owned == nullptr) throw_moved_from();
  return *owned;
}

enum class Responses : bool { kOne, kStream };

/// A call that has not begun. `request`: the client's only message; null for a stream of them. With Responses::kOne a
/// good end without a response, or a second one, ends the call with UNIMPLEMENTED. Any thread.
TERN_API OwnedCall make_call(const ChannelHandle& channel, std::string_view method, const CallOptions& options,
                             const MessageRef* request, Responses responses);

/// Runs a call of one response from its beginning to its end: the response's bytes, or the status in their place.
TERN_API Task<Result<Buffer>> call_unary(ClientCall& call);

/// Opens the call; later ones do nothing.
TERN_API void start(ClientCall& call);
/// start(), and awaits that the call is open or has ended.
TERN_API Event::Waiting opened(ClientCall& call);
[[nodiscard]] TERN_API MessageStream& stream_of(ClientCall& call) noexcept;
/// Whether a read would wait.
[[nodiscard]] TERN_API bool must_wait_to_read(const ClientCall& call) noexcept;

/// INTERNAL when the bytes are not of this type.
TERN_API Status decode(ClientCall& call, const Buffer& bytes, google::protobuf::MessageLite& response);
TERN_API Status decode(ClientCall& call, const Buffer& bytes, RawMessage& response);
/// Throws RpcError when the call has ended with any status but OK.
TERN_API void throw_if_failed(const ClientCall& call);
/// Ends the call with this status, here and on the wire. Nothing when it has ended.
TERN_API void cancel(ClientCall& call, Status status);

/// Sends one message of a stream. Throws RpcError for a message that cannot be sent.
TERN_API WriteWait write(ClientCall& call, MessageRef message);
/// A generator of requests has ended. `error`: what it threw, or null; it ends the call with CANCELLED, an RpcError
/// with its status.
TERN_API void end_requests(ClientCall& call, const std::exception_ptr& error);

}  // namespace detail
}  // namespace tern
