// UnaryCall<Response>: one request, one response.
//
//   Response reply = co_await stub.Method(request);                           // throws RpcError
//   tern::Result<Response> result = co_await stub.Method(request).result();   // the error as a value
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "tern/async/task.h"
#include "tern/detail/client_call.h"
#include "tern/rpc/message_ref.h"

namespace tern {

namespace detail {
/// The awaiter of a call that is not moved: does not compile.
template <class Response>
struct AwaitedOnce {
  static_assert(!std::is_same_v<Response, Response>, "a call is awaited once: co_await std::move(call)");
};
}  // namespace detail

/// Begins when it is awaited; the request is serialised before, and need not live on. Cancelling the awaiting job, or
/// dropping a call that runs, cancels it on the wire.
template <class Response>
class [[nodiscard("a call begins when it is awaited: co_await it")]] UnaryCall {
 public:
  UnaryCall(const detail::ChannelHandle& channel, std::string_view method, MessageRef request, CallOptions options)
      : call_(detail::make_call(channel, method, options, &request, detail::Responses::kOne)) {}

  /// The response; throws RpcError for every status but OK.
  auto operator co_await() && { return std::move(*this).task().operator co_await(); }
  template <class Once = Response>
  detail::AwaitedOnce<Once> operator co_await() & {
    return {};
  }
  /// The same as a Task.
  Task<Response> task() && { return take(std::move(call_)); }

  /// The response or the status; throws nothing but Cancelled.
  Task<Result<Response>> result() && { return receive(std::move(call_)); }

 private:
  static Task<Result<Response>> receive(detail::OwnedCall owned) {
    ClientCall& call = detail::call_of(owned);
    Result<Buffer> bytes = co_await detail::call_unary(call);
    if (!bytes.ok()) co_return bytes.status();
    Response response;
    if (Status status = detail::decode(call, *bytes, response); !status.ok()) co_return status;
    co_return response;
  }
  static Task<Response> take(detail::OwnedCall owned) {
    ClientCall& call = detail::call_of(owned);
    Result<Buffer> bytes = co_await detail::call_unary(call);
    Response response;
    if (Status status = detail::decode(call, bytes.value(), response); !status.ok()) throw RpcError{std::move(status)};
    co_return response;
  }

  detail::OwnedCall call_;
};

}  // namespace tern
