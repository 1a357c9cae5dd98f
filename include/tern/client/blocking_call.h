// Calls of a BlockingStub: the asynchronous ones, run on the channel's loop while the calling thread waits. Not to be
// used on a loop's own thread (std::logic_error).
//
//   for (auto users = stub.ListUsersStream(request); std::optional<User> user = users.next();) show(*user);
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "tern/async/blocking.h"
#include "tern/client/channel.h"
#include "tern/client/stream_call.h"
#include "tern/client/unary_call.h"

namespace tern {

namespace detail {

/// One response; throws RpcError.
template <class Response>
Response block_on_call(const ChannelHandle& channel, UnaryCall<Response> call) {
  return block_on_loop(channel.home(), std::move(call).task());
}

template <class Call>
auto next_of(Call& call) -> Task<decltype(call.next().await_resume())> {
  co_return co_await call.next();
}

}  // namespace detail

/// A streaming call, driven from outside of its loop. Every method blocks.
template <class Call>
class BlockingCall {
 public:
  /// Throws std::logic_error on a loop's thread.
  BlockingCall(detail::ChannelHandle channel, Call call) : channel_(std::move(channel)) {
    detail::require_no_loop();
    call_ = std::make_unique<Call>(std::move(call));
  }
  BlockingCall(BlockingCall&&) noexcept = default;
  BlockingCall& operator=(BlockingCall&&) = delete;
  /// On a loop's thread, which it may not block, it does not wait until the call has gone.
  ~BlockingCall() {
    if (!call_) return;
    Loop* loop = channel_.home_if_there();
    if (loop == nullptr) return;  // the call has ended with its channel
    if (Loop::current() == nullptr) {
      block_on_loop(*loop, drop(std::move(call_)));
    } else {
      loop->mailbox()->post([call = std::shared_ptr<Call>{std::move(call_)}] {});
    }
  }

  /// The end of the call; its status.
  Status status() { return block_on_loop(channel_.home(), call().status()); }
  void cancel() { block_on_loop(channel_.home(), cancel_call(call())); }

  /// The next message; nothing at a good end. Throws RpcError at a bad one.
  auto next() { return block_on_loop(channel_.home(), detail::next_of(call())); }

  /// False when the call has ended.
  template <class Request>
  bool write(const Request& message) {
    return block_on_loop(channel_.home(), call().write(message));
  }
  void done_writing() { block_on_loop(channel_.home(), call().done_writing()); }
  /// A client stream's response; throws RpcError.
  auto finish() { return block_on_loop(channel_.home(), call().finish()); }

 private:
  static Task<void> drop(std::unique_ptr<Call> call) {
    call.reset();
    co_return;
  }
  static Task<void> cancel_call(Call& call) {
    call.cancel();
    co_return;
  }
  [[nodiscard]] Call& call() const {
    if (call_ == nullptr) detail::throw_moved_from();
    return *call_;
  }

  detail::ChannelHandle channel_;
  std::unique_ptr<Call> call_;
};

}  // namespace tern
