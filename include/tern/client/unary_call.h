// UnaryCall<Response>: one request, one response.
//
//   Response reply = co_await stub.Method(request);                           // throws RpcError
//   tern::Result<Response> result = co_await stub.Method(request).result();   // the error as a value
#pragma once

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tern/async/task.h"
#include "tern/client/client_call.h"
#include "tern/rpc/codec.h"

namespace tern {

namespace detail {
/// The whole call in bytes: the response, or the status in its place.
Task<Result<Buffer>> call_unary(ClientCall& call);

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
      : call_(std::make_unique<ClientCall>(channel, method, options)) {
    call_->expect_one_response();
    call_->set_request(call_->encode(request));
  }

  /// The response; throws RpcError for every status but OK.
  auto operator co_await() && { return std::move(*this).task().operator co_await(); }
  template <class Once = Response>
  detail::AwaitedOnce<Once> operator co_await() & {
    return {};
  }
  /// The same as a Task.
  Task<Response> task() && { return take(std::move(call_)); }

  /// The response or the status; throws nothing but Cancelled.
  Task<Result<Response>> result() && { return decode(std::move(call_)); }

 private:
  static Task<Result<Response>> decode(std::unique_ptr<ClientCall> call) {
    if (call == nullptr) detail::throw_moved_from();
    Result<Buffer> bytes = co_await detail::call_unary(*call);
    if (!bytes.ok()) co_return bytes.status();
    Response response;
    if (Status status = call->decode(*bytes, response); !status.ok()) co_return status;
    co_return response;
  }
  static Task<Response> take(std::unique_ptr<ClientCall> call) {
    if (call == nullptr) detail::throw_moved_from();
    Result<Buffer> bytes = co_await detail::call_unary(*call);
    Response response;
    if (Status status = call->decode(bytes.value(), response); !status.ok()) throw RpcError{std::move(status)};
    co_return response;
  }

  std::unique_ptr<ClientCall> call_;
};

}  // namespace tern
